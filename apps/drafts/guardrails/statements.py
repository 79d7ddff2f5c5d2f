"""RULE: what a sentence says of the world without a figure: what is allowed, included, ready, done or will be done.

Only such forms are taken for statements as a reply uses to tell something: you may, you are covered, it is included, we
have reserved, nothing is deleted. Thanks, regrets, questions, requests and what is only about the correspondence
("we will look into it") are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from apps.drafts.guardrails.sentences import Sentence
from apps.drafts.guardrails.stems import says_no, stems_of
from apps.drafts.guardrails.tables import row


class Statement(NamedTuple):
    """One clause that tells something. Offsets of the text.

    stems: the words that carry it. act: of what the business did or will do. negative: it says no.
    """

    stems: frozenset[str]
    act: frozenset[str]
    negative: bool
    start: int
    end: int
    words: str = ""  # as they stand, in lower case
    state: str = ""  # the beginning of the word that says what is so
    loose: bool = False  # it was told from others by a form that much else has


_STATES = row(
    """
    allowed permitted welcome included available possible covered free ready normal safe stored hosted protected
    insured certified caused made required necessary compatible waterproof vegan negative positive clear fine full
    open verified secure eligible suitable responsible exempt accepted deleted shared sold tested approved
    """
)
_ABROAD = row(
    """
    prêt prête prêts prêtes accepté acceptée acceptés acceptées possible gratuit gratuite gratuits gratuites inclus
    incluse disponible disponibles fertig bereit möglich erlaubt inbegriffen enthalten verfügbar normal normale
    normaal senza sin incluido incluida permitido permitida incluso inclusa gereed klaar mogelijk toegestaan
    inbegrepen
    """
)
_YOU = row("may can can't cannot need must have entitled covered eligible allowed exempt insured free")
_SELLS = row("sell offer stock provide accept charge guarantee make use deliver ship allow support")
_HOLDS = row(
    """
    includes include included contains contain covers cover requires require comprises comprise means entitles carry
    carries offers provides
    """
)
_REASONS = r"because of|caused by|as a result of|owing to|due to (?:an?|the|our|high|bad|heavy)"


class _Form(NamedTuple):
    """A way to tell something. cues, also: words of which a sentence must have one of each."""

    rule: re.Pattern[str]
    cues: frozenset[str]
    also: frozenset[str] = frozenset()
    ends: tuple[str, ...] = ()  # and one that ends so, when there are any


def _form(rule: str, cues: str, also: Iterable[str] = (), ends: tuple[str, ...] = ()) -> _Form:
    return _Form(re.compile(rule), frozenset(cues.split()), frozenset(also), ends)


_FORMS: tuple[_Form, ...] = (
    _form(
        r"\byou(?:'re| are)? (?:may|can(?:'t|not)?|need not|must|have to|do not have to|don't have to|need to"
        r"|entitled|covered"
        r"|eligible|allowed|exempt|insured|free to|have an?)\b",
        "you you're",
        _YOU,
    ),
    _form(
        rf"\b(?:is|are|was|were|isn't|aren't|has been|have been) (?:\w+ ){{0,2}}?(?:{'|'.join(_STATES)})\b",
        "is are was were isn't aren't been",
        _STATES,
    ),
    _form(
        r"\b(?:we|i|our [\w -]{3,40}?)(?: have|'ve| has| had| will|'ll) (?!not\b)"
        r"(?:(?:also|already|just|now|then|\w+ly|been|be) ){0,2}(?P<act>\w{3,})",
        "we i our we've i've we'll i'll",
        row("have has had will we've i've we'll i'll"),
    ),
    _form(r"\b(?:haben|habe|avons|hebben|heb|hemos|abbiamo)\b", "haben habe avons hebben heb hemos abbiamo"),
    _form(
        r"\b(?:wir|ich) (?:werden?|berechnen|bieten|verlangen|erheben)\b|\b(?:berechnen|verlangen|erheben"
        r"|bieten) wir\b",
        "wir ich",
    ),
    _form(r"\bnous (?:vous )?(?:l')?\w+ons\b", "nous"),
    _form(
        rf"\b(?:{_REASONS}|wegen|aufgrund|en raison|debido a|a causa|vanwege)\b",
        "because caused result owing due wegen aufgrund raison debido causa vanwege",
    ),
    _form(rf"\b(?:we|they) (?:\w+ly )?(?:{'|'.join(_SELLS)})\b", "we they", _SELLS),
    _form(r"\b(?:there (?:is|are)|there's) (?!no\b)(?:still )?(?:\w+ )?\w{3,}", "there there's"),
    _form(
        rf"\b(?:est|sont|ist|sind|es|está|son|è|sono|zijn|is) (?:\w+ )??(?:{'|'.join(_ABROAD)})\b",
        "est sont ist sind es está son è sono zijn is",
        _ABROAD,
    ),
    _form(r"\bnothing (?:is|was|will|has)\b", "nothing"),
)
_FIRM = len(_FORMS)
# Forms that much else has as well: they say nothing behind "if", and need a source like the others.
_FORMS += (
    _form(r"(?<!\bwe )(?<!\bi )(?<!\byou )\b(?:may|can) (?!be (?:sure|certain)|i\b|we\b|you\b)\w{3,}", "may can"),
    _form(rf"(?<=\w )(?:{'|'.join(_HOLDS)})\b", " ".join(_HOLDS)),
    _form(
        r"\b(?:it|he|she|they|this|(?:the|our|your|his|her|these|those|all) (?:[\w'-]+ ){1,3}?)(?:has|have) "
        r"(?!been |to |not been )\w{2,}",
        "has have",
    ),
    _form(
        r"\b(?:is|are) (?:(?:\w+ly|always|also|very|all|never|not|now|still|indeed) ){0,2}"
        r"(?!\w+ing\b)(?P<act>unlimited|[\w-]{3,}(?:ible|able|ive|ful|ous|ic|free|proof))\b",
        "is are",
        ends=("ible", "able", "ive", "ful", "ous", "ic", "free", "proof", "limited"),
    ),
    _form(
        r"\b(?:the|our|your|he|she|it|they|his|her) (?:[\w'-]+ )??(?P<act>\w{3,}ed|rang|came|went|took|gave|brought"
        r"|found|saw|spoke)\b(?! to\b)",
        "the our your he she it they his her",
        ends=("ed", "rang", "came", "went", "took", "gave", "brought", "found", "saw", "spoke"),
    ),
    _form(
        r"\b(?:we|i) (?:\w+ly )?(?P<act>\w{4,}ed)\b",
        "we i",
        ends=("ed",),
    ),
    _form(r"\b(?:we are|we're|our \w+ (?:is|are)) an? \w+", "we we're our"),
    _form(
        r"\b(?:are|is|will be|get|gets) (?:always|never|automatically|fully|completely) \w{3,}",
        "always never automatically fully completely",
    ),
)
_CUES = frozenset().union(*(form.cues for form in _FORMS))
# What is only about the correspondence, or about what we do not know, tells nothing of the world.
_ABOUT_MAIL = re.compile(
    r"""\b(?:look(?:ing|ed)?\ (?:into|at|forward) | get(?:ting)?\ back | let\ you\ know | keep\ you | in\ touch
    | come\ back\ to\ you | contact(?:ed)?\ (?:us|me|you) | reach(?:ed)?\ (?:us|me|out) | reply(?:ing)? | repl(?:y|ied)
    | answer(?:ed)? | write | wrote | written | call\ (?:us|me|you|back) | phone\ us | ask(?:ed|ing)? | check(?:ed|ing)?
    | find\ (?:out|more|it|all|our|the|your|an?) | forward(?:ed)? | pass(?:ed)?\ (?:on|your|this|it) | not(?:ed|e)
    | read | understand | understood | happy\ to | glad\ to | help(?:ed)? | assist | see\ that | tell\ (?:us|you|me)
    | told | need\ (?:your|the|a|more|some) | (?:we|i)\ (?:do\ not|don't)\ (?:have|know)
    | (?:cannot|can't)\ (?:find|see|tell|say|confirm) | (?:could\ not|couldn't)\ find | be\ sure | be\ certain | trust
    | hope | sorry | apolog\w+ | thank\w* | appreciate | welcom\w+ | (?:do|doing)\ (?:our|everything|all)
    | work(?:ing)?\ on | update\ you | inform\ you | be\ able\ to | take\ care | investigat\w+ | make\ sure
    | be\ with\ you | glad | say\ more | more\ information | questions? | see\ (?:above|below|attached))\b""",
    re.I | re.X,
)
_CLAUSE = re.compile(
    r"[,;:()–—]| - |\b(?:but|however|although|while|because|since|so|aber|mais|pero|maar|weil|denn)\b"
    r"|\band (?=(?:it|we|i|the|your|you|they|there)\b)",
    re.I,
)


def statements_in(sentence: Sentence) -> Iterator[Statement]:
    """The clauses of a sentence that tell something; none of a question, a request, thanks or a regret."""
    if sentence.question or sentence.request or _CUES.isdisjoint(sentence.words):
        return
    may = (form for form in _FORMS if _may_hold(form, sentence.words))
    forms = [form for form in may if form.rule.search(sentence.lower)]
    if not forms:
        return
    begin = 0
    for end in (*(m.start() for m in _CLAUSE.finditer(sentence.lower)), len(sentence.lower)):
        yield from _in_clause(sentence, begin, end, forms)
        begin = end


def _may_hold(form: _Form, words: frozenset[str]) -> bool:
    if form.cues.isdisjoint(words) or (form.also and form.also.isdisjoint(words)):
        return False
    return not form.ends or any(word.endswith(form.ends) for word in words)


def _in_clause(sentence: Sentence, begin: int, end: int, forms: Sequence[_Form]) -> Iterator[Statement]:
    clause = sentence.lower[begin:end]
    told = next((found for form in forms if (found := form.rule.search(clause))), None)
    if told is None or _ABOUT_MAIL.search(clause) or sentence.conditional(sentence.start + begin + told.start()):
        return
    if told.re in _LOOSE and sentence.lower.startswith(_LEADS):
        return
    head = _UNDER.split(clause[told.start() :])[0]
    stems, negative = stems_of(clause), says_no(clause[: told.start()] + head)
    if stems and not (negative and _YET.search(clause)):
        act = stems_of(told.groupdict().get("act") or "")
        start = sentence.start + begin + len(clause) - len(clause.lstrip(" ,;:()–—-"))
        yield Statement(
            stems,
            act,
            negative,
            start,
            sentence.start + end,
            clause,
            told.group().rsplit(" ", 1)[-1][:5],
            told.re in _LOOSE,
        )


_UNDER = re.compile(r"\b(?:if|when|unless|until|where|which|who|whenever|as long as)\b")
_LEADS = ("if ", "when ", "once ", "as soon as ", "should ")
_LOOSE = frozenset(form.rule for form in _FORMS[_FIRM:])
_YET = re.compile(r"\b(?:yet|noch|encore|aún|ancora|nog)\b")
