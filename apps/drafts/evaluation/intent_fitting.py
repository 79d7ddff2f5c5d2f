"""RULE: the head for intents fitted to labelled mails, and every mail judged by a head that had not seen it.

A multinomial logistic regression with an L2 penalty. The hand-weighed words are withheld from mails they were chosen
with, where they are nearly always right: otherwise the head would learn to trust them far more than they deserve.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from apps.drafts.evaluation.intent_files import LabelledMail
from apps.drafts.evaluation.intent_measures import Told
from apps.drafts.intent_head import Head
from apps.drafts.intents import figures_of, told_by
from apps.drafts.states import Intent

STRENGTH = 30.0  # of the data against the penalty, chosen by cross-validation
LEAST_MAILS = 2  # that a figure is seen in, or it gets no weight
FOLDS = 5
SHARPNESSES = tuple(step / 20 for step in range(8, 61))


def fit_head(mails: Sequence[LabelledMail]) -> Head:
    """All mails count for the weights, the sharpness is fitted where others judge. ValueError: too few mails."""
    _, sharpness = _judged(mails)
    return _fit(mails, sharpness)


def judged_by_others(mails: Sequence[LabelledMail]) -> list[Told]:
    """Each mail that is not `worded`, told by a head fitted to the other folds and to all worded mails."""
    heads, sharpness = _judged(mails)
    asked = [mail for mail in mails if not mail.worded]
    told = []
    for mail, head in zip(asked, heads, strict=True):
        sharp = Head(head.intents, sharpness, head.bias, head.weights)
        reading = told_by(sharp, mail.subject, mail.text)
        told.append(Told(mail.intent, reading.intent, reading.confidence))
    return told


def _judged(mails: Sequence[LabelledMail]) -> tuple[list[Head], float]:
    """The head that judges each mail that is not worded, in order, and the sharpness that suits them best."""
    from sklearn.model_selection import StratifiedKFold

    asked, worded = [mail for mail in mails if not mail.worded], [mail for mail in mails if mail.worded]
    counts = Counter(mail.intent for mail in asked)
    if min((counts[intent] for intent in Intent), default=0) < FOLDS:
        raise ValueError(f"Each intent needs {FOLDS} mails or more that the words were not chosen with")
    heads: dict[int, Head] = {}
    for fit_to, judge in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(
        asked, [mail.intent.value for mail in asked]
    ):
        head = _fit([asked[place] for place in fit_to] + worded, 1.0)
        heads.update(dict.fromkeys((int(place) for place in judge), head))
    in_order = [heads[place] for place in range(len(asked))]
    return in_order, _sharpness(asked, in_order)


def _fit(mails: Sequence[LabelledMail], sharpness: float) -> Head:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    figures = [_withheld(mail) for mail in mails]
    seen = Counter(name for one in figures for name in one)
    kept = [{name: value for name, value in one.items() if seen[name] >= LEAST_MAILS} for one in figures]
    vectors = DictVectorizer()
    model = LogisticRegression(C=STRENGTH, max_iter=2000)
    model.fit(vectors.fit_transform(kept), [mail.intent.value for mail in mails])
    columns = model.coef_.T.tolist()
    return Head(
        intents=tuple(Intent(value) for value in model.classes_),
        sharpness=sharpness,
        bias=tuple(round(value, 3) for value in model.intercept_.tolist()),
        weights={
            name: tuple(round(value, 2) for value in column)
            for name, column in zip(vectors.get_feature_names_out().tolist(), columns, strict=True)
        },
    )


def _withheld(mail: LabelledMail) -> dict[str, float]:
    figures = figures_of(mail.subject, mail.text)
    return {name: value for name, value in figures.items() if not (mail.worded and name.startswith("e:"))}


def _sharpness(mails: Sequence[LabelledMail], heads: Sequence[Head]) -> float:
    """Of SHARPNESSES, the one by which the labels are likeliest."""
    rows = []
    for mail, head in zip(mails, heads, strict=True):
        logits = head.logits(figures_of(mail.subject, mail.text))
        rows.append((logits, head.intents.index(mail.intent)))

    def unlikely(sharpness: float) -> float:
        return sum(
            math.log(sum(math.exp(sharpness * (logit - logits[true])) for logit in logits)) for logits, true in rows
        )

    return min(SHARPNESSES, key=unlikely)
