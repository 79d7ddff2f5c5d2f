"""What a goal says for a field of the context, where it says something else.

Codes, days, times, amounts and counts, addresses, choices and names: each is compared only where the goal plainly
speaks of the same field, by the word for it, by its unit, or by having exactly one value of that form.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date

from apps.goals.contradictions.calendar_dates import Day
from apps.goals.contradictions.clauses import Token
from apps.goals.contradictions.word_lists import stems_listed
from apps.goals.contradictions.words import FIELDS
from apps.goals.reading import stem

_NAMED_CODE = re.compile(r"\b([a-z]+)\s+(?:(?:no|number|nr|id)\.?\s+)?#?([a-z]*-?\d[\w-]*)", re.I)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MONEY = re.compile(
    r"[$\u20ac\u00a3]\s?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?)\s?(?:dollars?|euros?|pounds?|usd|eur|gbp|chf)\b", re.I
)
_CLOCK = re.compile(r"\b(\d{1,2}):([0-5]\d)\b(?:\s?([ap])\.?m)?|\b(\d{1,2})\s?([ap])\.?m\b", re.I)
_UNIT_OF = {
    stem(word): frozenset(map(stem, names.split()))
    for words, names in (
        (
            "people guests persons party pax attendees seats travellers passengers",
            "people persons guests guest person pax diners adults seats passengers attendees",
        ),
        ("temperature degrees", "degrees degree celsius"),
        ("nights", "nights night"),
        ("days", "days day"),
        ("volume level brightness", ""),
        ("quantity count", ""),
    )
    for word in words.split()
}
_AMOUNT_KEYS = frozenset(map(stem, ["amount", "price", "refund", "total", "sum"]))
_NOT_DATES = stems_listed("""
    created updated birth birthday order ordered purchase signed invoice registered last expiry expires issued
    paid today now current
""")
_DATE_KEYS = stems_listed("""
    date day start appointment interview meeting departure delivery booking reservation arrival checkin
""")
_TIME_KEYS = frozenset(map(stem, ["time", "start", "meeting", "appointment"]))
_NOT_RECIPIENT = stems_listed("from sender cc bcc own account user my reply")
_CITY_KEYS = frozenset(map(stem, ["city", "destination", "location", "place", "town"]))
_NAME_KEYS = stems_listed("name customer guest patient employee candidate contact")
_TO_PLACE = re.compile(r"\b(?:to|in|for|at)\s+([A-Z][\w\u00c0-\u024f-]+)\b")
_GOING_TO = re.compile(r"\bto\s+([A-Z][\w\u00c0-\u024f-]+)\b")
# A value of a scale, and the words for what it is not.
_SCALES_TEXT = """
low: high urgent critical top
high: low
urgent: low
critical: low
public: private confidential secret
private: public
confidential: public
single: double twin triple
double: single twin triple
twin: single double
one-way: return round-trip
small: large
large: small
express: standard
standard: express overnight
economy: business first-class
business: economy
"""
_SCALES = {
    value: tuple(others.split()) for value, others in (line.split(":") for line in _SCALES_TEXT.strip().splitlines())
}
_SCALE_KEYS = stems_listed("""
    priority urgency visibility access room type size privacy shipping delivery mode class status method trip
""")


def other_value(goal: str, tokens: Sequence[Token], days: Sequence[Day], stems: frozenset[str], value: str) -> str:
    """What the goal says for the field, where it says something else; else ""."""
    if any(char.isdigit() for char in value):
        if "@" in value:
            return _other_email(goal, stems, value)
        return (
            _other_code(goal, stems, value) or _other_day(days, stems, value) or _other_time(goal, stems, value)
            or _other_amount(goal, tokens, stems, value)
        )  # fmt: skip
    if "@" in value:
        return _other_email(goal, stems, value)
    return _other_choice(goal, tokens, stems, value) or _other_name(goal, tokens, stems, value)


def _other_code(goal: str, stems: frozenset[str], value: str) -> str:
    for named in _NAMED_CODE.finditer(goal):
        if stem(named.group(1).lower()) in stems and _shape(named.group(2)) == _shape(value) and len(value) > 1:
            return named.group()
    return ""


def _shape(code: str) -> str:
    """Digits and letters told apart, nothing else: 1042 and 2001 are alike, 7 and 1042 are not."""
    return "".join("9" if char.isdigit() else "a" if char.isalpha() else char for char in code)


def _other_day(days: Sequence[Day], stems: frozenset[str], value: str) -> str:
    wanted = date_of(value)
    if wanted is None or stems & _NOT_DATES or not stems & _DATE_KEYS or len(days) != 1:
        return ""
    day = days[0]
    if day.first is None or day.first != day.last:
        return ""
    same = day.first == wanted if day.has_year else day.month_day == (wanted.month, wanted.day)
    return "" if same or not day.month_day else day.text


def date_of(value: str) -> date | None:
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _other_time(goal: str, stems: frozenset[str], value: str) -> str:
    wanted = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?", value.strip())
    if wanted is None or not stems & _TIME_KEYS or stems & {"end", "created", "updat"}:
        return ""
    said = list(_CLOCK.finditer(goal))
    if len(said) != 1:
        return ""
    hour, minute = int(said[0].group(1) or said[0].group(4)), int(said[0].group(2) or 0)
    half = (said[0].group(3) or said[0].group(5) or "").lower()
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    same = (hour, minute) == (int(wanted.group(1)), int(wanted.group(2)))
    return "" if same else said[0].group()


def _other_amount(goal: str, tokens: Sequence[Token], stems: frozenset[str], value: str) -> str:
    number = _number(re.sub(r"^[$\u20ac\u00a3]\s?", "", value.strip()))
    if number is None:
        return ""
    if stems & _AMOUNT_KEYS:
        said = list(_MONEY.finditer(goal))
        if len(said) == 1:
            return "" if _number(said[0].group(1) or said[0].group(2)) == number else said[0].group()
        return ""
    for part in stems:
        if part not in _UNIT_OF:
            continue
        hits = _with_unit(goal, tokens, part, _UNIT_OF[part])
        if len(hits) == 1:
            return "" if hits[0][0] == number else hits[0][1]
    return ""


def _with_unit(goal: str, tokens: Sequence[Token], key: str, units: frozenset[str]) -> list[tuple[float, str]]:
    """Numbers with one of the units after them, or after the word for the field ("volume to 40")."""
    hits = []
    for place, token in enumerate(tokens):
        number = _number(token.text)
        if number is None:
            continue
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        before = {earlier.stem for earlier in tokens[max(0, place - 3) : place]}
        if following is not None and following.stem in units:
            hits.append((number, goal[token.start : following.end]))
        elif not units and key in before:
            hits.append((number, token.text))
    return hits


def _number(text: str) -> float | None:
    plain = text.replace(",", "")
    return float(plain) if plain.replace(".", "", 1).isdigit() and plain.isascii() and len(plain) < 16 else None


def _other_email(goal: str, stems: frozenset[str], value: str) -> str:
    said = _EMAIL.findall(goal)
    if len(said) != 1 or stems & _NOT_RECIPIENT or not stems & {"email", "recipi", "to", "mail", "address"}:
        return ""
    return "" if said[0].lower() == value.strip().lower() else said[0]


def _other_choice(goal: str, tokens: Sequence[Token], stems: frozenset[str], value: str) -> str:
    """Formats, days, colours, currencies, languages, and the ends of a scale."""
    plain = value.strip().lower()
    field = FIELDS.get(plain) or FIELDS.get(_CURRENCIES.get(plain, ""))
    if field and (
        stem(field) in stems or (field in {"currency", "day"} and stems & {"currenc", "day", "date", "weekday"})
    ):
        said = {token.text: token for token in tokens if FIELDS.get(token.text) == field}
        same = {plain, _CURRENCIES.get(plain, "")}
        if len(said) == 1 and not same & set(said):
            token = next(iter(said.values()))
            return "" if field == "currency" and plain in {_CURRENCIES.get(plain), token.text[:3]} else token.text
        return ""
    if plain in _SCALES and stems & _SCALE_KEYS:
        joined = goal.lower()
        hits = [word for word in _SCALES[plain] if re.search(rf"\b{word}\b", joined)]
        return hits[0] if len(hits) == 1 else ""
    return ""


_CURRENCIES = {
    "eur": "euros",
    "usd": "dollars",
    "gbp": "pounds",
    "jpy": "yen",
    "chf": "francs",
    "euro": "euros",
    "dollar": "dollars",
    "pound": "pounds",
}


def _other_name(goal: str, tokens: Sequence[Token], stems: frozenset[str], value: str) -> str:
    """Another town after "to", or a person who shares one of two names."""
    if stems & _CITY_KEYS and re.fullmatch(r"[A-Z][\w\u00c0-\u024f-]+", value.strip()):
        said = _GOING_TO.findall(goal) or (_TO_PLACE.findall(goal) if stems & {"citi", "locat"} else [])
        said = [name for name in said if name.lower() not in FIELDS]
        towards = stems & {"destin", "citi", "locat", "place", "town"}
        if (
            len(set(said)) == 1
            and towards
            and re.search(r"\b(?:fly|travel|go|flight|train|ticket|ship|send|deliver|hotel|book)\w*\b", goal, re.I)
        ):
            return str(said[0])
        return ""
    if stems & _NAME_KEYS:
        wanted = value.split()
        for one, two in itertools.pairwise(tokens):
            if one.named and two.named and len(wanted) == 2:
                given, family = wanted[0].lower(), wanted[1].lower()
                if (
                    (two.text == family) != (one.text == given)
                    and two.text[:1] == family[:1]
                    and one.text[:1] == given[:1]
                ):
                    return goal[one.start : two.end]
    return ""
