"""The same act on the same thing asked for and forbidden; something wanted by none and by all."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from apps.goals.contradictions.clause_words import denies_all
from apps.goals.contradictions.clauses import Clause
from apps.goals.contradictions.word_lists import listed, stems_listed
from apps.goals.contradictions.words import ACTS, BELOW, DIETS, KIND_OF, act_key
from apps.goals.facts import Contradiction

FORBIDDEN, NOBODY, LEFT_OUT = 0.8, 0.75, 0.75
NEAR = 10  # clauses between which a prohibition is looked for
SHOWN = 160

_NOW_WORDS = frozenset({"today", "tonight", "now", "yet"})
_OTHER_DAYS = listed("""
    tomorrow monday tuesday wednesday thursday friday saturday sunday week month year weekend day days weeks
    months
""")
_EMPTY = stems_listed("circumstances case way time doubt all")
_OBJECTS = listed("me us him her them it")
_NOBODY_BUT_ALL = re.compile(
    r"\b(?:nobody|no one|none)\b[^.;!?]{0,12}\b(?:except|but)\b[^.;!?]{0,12}\b(?:everyone|"
    r"everybody|all)\b(?! (?:the|of|who|on the \w+ (?:board|committee)))[^.;!?]*",
    re.I,
)


def forbidden_in(clauses: Sequence[Clause], *, earlier: Sequence[Clause] = ()) -> list[Contradiction]:
    """Pairs of clauses of which one forbids what the other asks; those in `earlier` are held against all `clauses`."""
    found: list[Contradiction] = []
    for place, clause in enumerate(clauses):
        if _kept_secret(clause):
            clause = msgspec.structs.replace(clause, denied=_TELLING, nouns=clause.nouns - _SECRET)
        elif _left_alone(clause):
            clause = msgspec.structs.replace(clause, denied=_TOUCH, nouns=clause.nouns - _SECRET)
        elif not clause.negated:
            continue
        for other in clauses[max(0, place - NEAR) : place + NEAR + 1]:
            if (
                other.start != clause.start
                and not other.negated
                and _forbids(clause, other, backwards=other.start < clause.start)
            ):
                first, second = (clause, other) if clause.start < other.start else (other, clause)
                found.append(
                    Contradiction("asked for and forbidden", first.text[:SHOWN], second.text[:SHOWN], FORBIDDEN)
                )
    for ban in earlier:
        found += [
            Contradiction("forbidden before, asked for now", ban.text[:SHOWN], other.text[:SHOWN], FORBIDDEN)
            for other in clauses
            if not other.negated and _forbids(ban, other, backwards=False)
        ]
    return found


_TELLING = frozenset(map(act_key, ("share", "publish", "notify", "show")))


_SECRET = stems_listed("secret confidential hidden private alone untouched")
_TOUCH = frozenset({act_key("touch")})


def _left_alone(clause: Clause) -> bool:
    words = {token.text for token in clause.tokens}
    if "as is" in clause.text.lower() or "as they are" in clause.text.lower() or "as it is" in clause.text.lower():
        return bool(words & {"leave", "keep"})
    return bool(words & {"leave", "leaves", "remain", "stay", "keep"}) and bool(words & {"alone", "untouched"})


def _kept_secret(clause: Clause) -> bool:
    words = {token.text for token in clause.tokens}
    return bool(words & {"keep", "keeps", "stay", "remain"}) and bool(
        words & {"secret", "confidential", "hidden", "private"}
    )


def _forbids(ban: Clause, order: Clause, *, backwards: bool) -> bool:
    """Whether `ban` denies an act on a thing, and `order` wants that act, or a narrower one, on that thing."""
    if order.asks or ban.asks or not ban.text:
        return False
    if _plain(ban) == _plain(order):
        return True
    if order.loose or ban.loose or not _same_time(ban.times, order.times):
        return False
    if _without_thing(ban, order):
        return True
    doing = order.acts
    if doing & _LIGHT or not doing:
        doing |= {ACTS[noun] for noun in order.nouns if noun in ACTS}
    for act in ban.denied:
        wanted = {act} | BELOW.get(act, frozenset())
        if wanted & doing and _covers(ban, order, backwards=backwards):
            return True
    return False


_HAVING = listed("needs wants gets receives has need want")
_LIGHT = frozenset(map(act_key, ("send", "write", "grant")))
_WEIGHTLESS = listed("never always not do don't please must should ever the a an to be is")


def _plain(clause: Clause) -> list[str]:
    """The words without those that deny or affirm."""
    return [token.stem for token in clause.tokens if token.text not in _WEIGHTLESS]


def _same_time(banned: frozenset[str], wanted: frozenset[str]) -> bool:
    """A prohibition without a time holds always; one with a time only for that time."""
    return not banned or banned == wanted or (banned <= _NOW_WORDS and not wanted & _OTHER_DAYS)


def _covers(ban: Clause, order: Clause, *, backwards: bool) -> bool:
    """The order is about what the ban names, or about something narrower."""
    nouns = order.nouns | order.acts
    about = (ban.denied_nouns or ban.nouns) - order.acts - {noun for noun in ban.nouns if ACTS.get(noun) in order.acts}
    if not about and not ban.names and not order.nouns and not order.names:
        return bool(_objects(ban)) and _objects(ban) == _objects(order)
    if not about and not ban.names and ban.join == "without":
        return True
    if not about and not ban.names:
        return bool(order.nouns or order.names) and (_anybody(ban) or (backwards and ban.pronoun))
    if not order.nouns and not order.names:
        return order.pronoun
    if ban.names and not ban.names <= order.names:
        return bool(order.names) is False and ban.head == order.head and about <= nouns
    if about <= nouns:
        return (
            not ban.head
            or (bool(ban.denied_nouns) and ban.head not in ban.denied_nouns)
            or ban.head == order.head
            or ban.head in ban.names
            or ban.head in order.acts
            or ban.head in order.nouns
        )
    return (
        (bool(order.nouns) and order.head == ban.head and order.nouns <= about and not order.names and backwards)
        or (not order.nouns and order.pronoun and not order.names)
        or (order.pronoun and order.nouns <= about)
    )


def _objects(clause: Clause) -> frozenset[str]:
    return frozenset(token.text for token in clause.tokens if token.text in _OBJECTS)


_ANYBODY = listed("nobody any none anybody anyone anything nothing")


def _anybody(ban: Clause) -> bool:
    return any(token.text in _ANYBODY for token in ban.tokens) or "no one" in ban.text.lower()


def _without_thing(ban: Clause, order: Clause) -> bool:
    """ "No nuts", "without any mail", "I do not want a car": a thing is ruled out, and the other clause has that thing
    or a kind of it."""
    ruled = _ruled_out(ban)
    if not ruled:
        return False
    stems = {token.stem for token in order.tokens}
    if not ban.names <= order.names:
        return False
    if len(ruled) == 1 and ruled & {KIND_OF.get(one) for one in stems}:
        return True
    has = order.acts | order.nouns | {ACTS.get(one, one) for one in order.nouns}
    return all(one in has or ACTS.get(one, one) in has for one in ruled)


def _ruled_out(ban: Clause) -> frozenset[str]:
    """Stems of the thing after "no", "without" or "any"; all that is denied after "do not want"."""
    tokens = ban.tokens
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.text in {"no", "without", "any"} and following is not None:
            if following.text in {"any", "a", "an", "the", "one", "of"} or following.text.endswith("ing"):
                continue
            if token.text == "any" and place and tokens[place - 1].text in {"in", "at", "by", "for", "of", "if"}:
                continue
            rest = {later.stem for later in tokens[place + 2 :] if later.stem in ban.nouns and later.stem not in _EMPTY}
            return frozenset({following.stem} | rest)
        if token.text in _HAVING and place and denies_all(tokens, 0) and not ban.acts & _TELLING:
            return ban.nouns
        if token.text in {"want", "need"} and place and tokens[place - 1].text in {"not", "don't"}:
            return (
                ban.denied_nouns
                if following is not None and following.text in {"a", "an", "any", "the"}
                else frozenset()
            )
    return frozenset()


def only_one_in(clauses: Sequence[Clause]) -> list[Contradiction]:
    """ "Only to Ann", and then the same to Bob."""
    found = []
    for place, clause in enumerate(clauses[:-1]):
        only = next((n for n, token in enumerate(clause.tokens) if token.text == "only"), None)
        if only is None or clause.loose or clause.negated:
            continue
        kept = {token.text for token in clause.tokens[only + 1 :] if token.named and not token.digit}
        other = clauses[place + 1]
        also = {token.text for token in other.tokens if token.named and not token.digit}
        if not kept or not also or kept & also or other.loose or other.negated or other.asks:
            continue
        if clause.acts & other.acts and (other.nouns <= clause.nouns or (clause.nouns and clause.nouns <= other.nouns)):
            found.append(Contradiction("only one, and another", clause.text[:SHOWN], other.text[:SHOWN], LEFT_OUT))
    return found


def left_out_in(text: str, clauses: Sequence[Clause]) -> list[Contradiction]:
    """A diet with a food it leaves out in the same order, and "nobody except everyone"."""
    found = [
        Contradiction("none and all", match.group()[:SHOWN], match.group()[:SHOWN].split()[-1], NOBODY)
        for match in _NOBODY_BUT_ALL.finditer(text)
    ]
    lower = text.lower().replace("-", " ")
    for diet, kinds in DIETS.items():
        if diet not in lower:
            continue
        for clause in clauses:
            plain = clause.text.lower().replace("-", " ")
            if diet not in plain or clause.negated:
                continue
            after = plain.index(diet)
            for token in clause.tokens:
                if (
                    KIND_OF.get(token.stem) in kinds
                    and token.start - clause.start > after
                    and _is_food(clause, token.start, diet)
                ):
                    found.append(Contradiction("a diet and what it leaves out", diet, token.text, LEFT_OUT))
    return found


def _is_food(clause: Clause, start: int, diet: str) -> bool:
    """ "vegan cheese", "vegetarian sausage", "instead of beef" are no conflict."""
    before = clause.text[: start - clause.start].lower().replace("-", " ").rstrip()
    return not before.endswith((diet, "no", "of", "like", "than", "for", "or", "free")) and not clause.loose
