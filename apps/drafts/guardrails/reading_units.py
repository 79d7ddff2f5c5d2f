"""RULE: numbers as they are written, and the unit or currency beside them."""

from __future__ import annotations

import re

from apps.drafts.guardrails.calendar_words import CURRENCIES, UNITS, WORKING
from apps.drafts.guardrails.splitting import WORD
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.values import Key

NUMBER_FORM = r"\d{1,3}(?:[ .,'’\u00a0]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_AFTER = re.compile(r"\s?[- ]?\s?([^\W\d_.]+|[%€£$¥₹])")
BEFORE = re.compile(r"(?:^|[^\w])((?:us|a|c|ca|au|r|nz|hk|s)?\$|[£€¥₹₽₺₩]|[a-zA-Z]{2,3}\.?)\s?$", re.I)


def floats(number: str) -> tuple[float, ...]:
    """The values that a written number may have: 1,234 is a thousand or one and a bit."""
    plain = re.sub(r"[ '’\u00a0]", "", number)
    options: set[str] = set()
    if "," in plain and "." in plain:
        last = max(plain.rfind(","), plain.rfind("."))
        options.add(re.sub(r"[.,]", "", plain[:last]) + "." + plain[last + 1 :])
    elif "," in plain or "." in plain:
        mark = "," if "," in plain else "."
        whole, _, rest = plain.rpartition(mark)
        if plain.count(mark) > 1 or len(rest) == 3:
            options.add(plain.replace(mark, ""))
        if plain.count(mark) == 1 and not (len(rest) == 3 and mark == ","):
            options.add(f"{whole}.{rest}")
    else:
        options.add(plain)
    return tuple(round(float(option), 4) for option in sorted(options) if len(option) < 40)


def plain_keys(values: tuple[float, ...]) -> tuple[Key, ...]:
    return tuple(("n", value) for value in values)


def keys_of(kind: str, factor: float, name: str):  # type: ignore[no-untyped-def]
    if kind == "duration":
        return lambda values: tuple(("u", round(value * factor, 2), name) for value in values)
    if kind == "percentage":
        return lambda values: tuple(("p", value) for value in values)
    return lambda values: tuple(("n", round(value * factor, 4)) for value in values)


Unit = tuple[str, int, float, str]  # kind, where the unit ends, factor, name


def unit_after(text: str, end: int) -> Unit | None:
    """The unit behind a number."""
    found = _AFTER.match(text, end)
    if not found:
        return None
    word, after = found[1].lower(), found.end()
    if word in _PERCENT:
        return "percentage", after, 1, ""
    if word == "per" and text[after : after + 5].lower() == " cent":
        return "percentage", after + 5, 1, ""
    if word in WORKING or word in _BEFORE_UNIT:
        return _unit_behind(text, after, working=word in WORKING)
    return _duration(text, end, found) or _money(word, after, spaced=text[end : end + 1] == " ")


_PERCENT = frozenset({"%", "percent", "prozent", "procent", "pct"})
_BEFORE_UNIT = table("full calendar consecutive further more additional")


def _unit_behind(text: str, after: int, *, working: bool) -> Unit | None:
    """Of "3 business days" and "3 more days", the days."""
    following = WORD.match(text, after + 1) if after < len(text) else None
    if not following or following.group().lower() not in UNITS:
        return None
    hours, name = UNITS[following.group().lower()]
    return "duration", following.end(), hours, "bd" if working else name


def _duration(text: str, end: int, found: re.Match[str]) -> Unit | None:
    word, after = found[1].lower(), found.end()
    if word not in UNITS or (word in ("an", "mes") and text[end : end + 1].isspace()):
        return None
    hours, name = UNITS[word]
    following = WORD.match(text, after + 1) if text[after : after + 1] == " " else None
    if following and following.group().lower() in WORKING:
        return "duration", following.end(), hours, "bd"
    return "duration", after, hours, name


def _money(word: str, after: int, *, spaced: bool) -> Unit | None:
    if word not in CURRENCIES or (word in ("try", "p") and spaced):
        return None
    currency = CURRENCIES[word]
    return "amount", after, *_SMALL.get(currency, (1, currency))


_SMALL = {"GBp": (0.01, "GBP"), "c": (0.01, "")}


def currency_before(text: str, at: int) -> tuple[str, int] | None:
    found = BEFORE.search(text[max(0, at - 6) : at])
    if not found:
        return None
    currency = CURRENCIES.get(found[1].lower())
    if not currency or (
        found[1].lower() in ("p", "try", "kr", "rs") and not found[1].isupper() and found[1] not in ("kr", "Rs")
    ):
        return None
    return currency, max(0, at - 6) + found.start(1)
