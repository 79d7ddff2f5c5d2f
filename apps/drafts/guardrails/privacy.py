"""RULE: personal data in a text, and the text with it masked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from apps.drafts.guardrails.bank_numbers import find_cards, find_ibans
from apps.drafts.guardrails.contacts import find_emails, find_phones, find_postal
from apps.drafts.guardrails.credentials import find_secrets
from apps.drafts.guardrails.folding import Folded, fold
from apps.drafts.guardrails.national_numbers import find_national
from apps.drafts.guardrails.recipients import bare
from apps.drafts.guardrails.terms import Finding

LABELS = {
    "card": "card",
    "iban": "IBAN",
    "ssn": "SSN",
    "national_id": "national number",
    "account": "account number",
    "birth_date": "date of birth",
    "phone": "phone",
    "email": "e-mail",
    "address": "address",
    "name": "name",
    "secret": "secret",
    "network": "network address",
}
WORDS = {
    "card": "A card number.",
    "iban": "A bank account (IBAN).",
    "ssn": "A US social security number.",
    "national_id": "A number by which a state knows a person.",
    "account": "A bank account or wallet.",
    "birth_date": "A date of birth.",
    "phone": "A phone number that is neither yours nor this customer's.",
    "email": "An e-mail address that is neither yours nor this customer's.",
    "address": "A postal address that is neither yours nor this customer's.",
    "name": "The name of somebody else.",
    "secret": "A password, key or token.",
    "network": "A network address.",
}
MASK = re.compile(rf"\[(?:(?:card|IBAN) ending [0-9A-Z]{{4}}|(?:{'|'.join(LABELS.values())}) hidden)\]")
_MASK_START = ("[card ", "[IBAN ", *(f"[{label} hidden" for label in LABELS.values()))
# The worst first: where two findings overlap, the first of them is kept.
_ORDER = {
    kind: n
    for n, kind in enumerate(
        (
            "secret",
            "iban",
            "card",
            "ssn",
            "national_id",
            "account",
            "birth_date",
            "email",
            "phone",
            "address",
            "network",
            "name",
        )
    )
}
ROUNDS = 8


class Allowed:
    """What may be said. writing: strings that allow e-mail addresses. speaking: that allow phones and streets.

    They are read when something is found that they could allow, not before.
    """

    def __init__(self, writing: Iterable[str] = (), speaking: Iterable[str] = ()) -> None:
        self._writing, self._speaking = tuple(writing), tuple(speaking)

    @cached_property
    def emails(self) -> frozenset[str]:
        """Without what stands behind a plus sign, in lower case."""
        texts = [fold(string).text for string in self._writing if "@" in string]
        return frozenset(bare(text[a:b]) for text in texts for _, a, b in find_emails(text))

    @cached_property
    def phones(self) -> frozenset[str]:
        """Their last nine digits."""
        return frozenset(_digits(found)[-9:] for s in self._speaking for found in _PHONE_LIKE.findall(fold(s).text))

    @cached_property
    def letters(self) -> str:
        """All of it as letters and digits alone, in lower case."""
        return " ".join(_letters(fold(string).text) for string in self._speaking)


_PHONE_LIKE = re.compile(r"(?<!\w)\+?\(?\d(?:[ .\-/()\n]{0,3}\d){5,16}(?!\w)")


def own_phones(text: str, numbers: Collection[str]) -> list[tuple[int, int]]:
    """Where one of the phone numbers (their last nine digits) stands."""
    if not numbers:
        return []
    return [m.span() for m in _PHONE_LIKE.finditer(text) if _digits(m.group())[-9:] in numbers]


def phones_in(strings: Iterable[str]) -> frozenset[str]:
    """The last nine digits of those strings that are phone numbers."""
    return frozenset(_digits(one)[-9:] for one in strings if sum(map(str.isdigit, one)) >= 7 and "@" not in one)


def allowed_of(strings: Iterable[str]) -> Allowed:
    """What the strings (addresses, phone numbers, names, whole texts) allow to be said."""
    strings = tuple(strings)
    return Allowed(strings, strings)


def find_personal(
    text: str, allowed: Collection[str] | Allowed = (), names: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Personal data in the text, in order, none overlapping another; text is how it is masked.

    allowed: addresses, phone numbers and postal addresses that may stand there (cards, account and national numbers and
    secrets never may). names: of others, which may not. Linear in the length of the text.
    """
    may = allowed if isinstance(allowed, Allowed) else allowed_of(allowed)
    folded = fold(text)
    found = [(_ORDER[kind], start, end, kind) for kind, start, end in _spans(folded, may, names)]
    kept: list[tuple[int, int, str]] = []
    taken = bytearray(len(folded.text) + 1 if found else 0)
    for _, start, end, kind in sorted(found):
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            kept.append((start, end, kind))
    return tuple(_finding(text, folded, *one) for one in sorted(kept))


def _spans(folded: Folded, may: Allowed, names: Collection[str]) -> Iterable[tuple[str, int, int]]:
    text = folded.text
    digits = any(map(text.__contains__, "0123456789"))
    if digits:
        yield from find_cards(text)
        yield from find_ibans(text)
        yield from find_national(text)
        yield from (s for s in find_phones(text) if _digits(text[s[1] : s[2]])[-9:] not in may.phones)
        yield from (s for s in find_postal(text) if _letters(text[s[1] : s[2]]) not in may.letters)
    elif "one" in text.lower() or "four" in text.lower():
        yield from find_cards(text)
    yield from (s for s in find_emails(text) if not _may_write(text[s[1] : s[2]], may))
    yield from find_secrets(text)
    if names:
        rule = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(n) for n in sorted(names, key=len, reverse=True))})(?!\w)")
        yield from (("name", *m.span()) for m in rule.finditer(text))


def _may_write(address: str, may: Allowed) -> bool:
    plain = bare(re.sub(r"\s+", "", address))
    return plain in may.emails


def _finding(text: str, folded: Folded, start: int, end: int, kind: str) -> Finding:
    original_start, original_end = folded.span(start, end)
    masked = _masked(kind, folded.text[start:end])
    return Finding(kind, original_start, original_end, masked, WORDS[kind], original=text[original_start:original_end])


def _masked(kind: str, text: str) -> str:
    last = "".join(c for c in text if c.isalnum())[-4:].upper()
    if kind in ("card", "iban") and len(last) == 4 and last.isascii() and (kind == "iban" or last.isdigit()):
        return f"[{LABELS[kind]} ending {last}]"
    return f"[{LABELS[kind]} hidden]"


def mask(
    text: str, allowed: Collection[str] | Allowed = (), names: Collection[str] = ()
) -> tuple[str, tuple[Finding, ...]]:
    """The text with personal data masked, and what was masked: offsets of the masked text, originals with it.

    Masking what is masked changes nothing.
    """
    may = allowed if isinstance(allowed, Allowed) else allowed_of(allowed)
    marks: list[Finding] = []
    for _ in range(ROUNDS):
        found = find_personal(text, may, names)
        if not found:
            break
        text, marks = _replaced(text, found, marks)
    return text, tuple(marks)


def _replaced(text: str, found: tuple[Finding, ...], before: list[Finding]) -> tuple[str, list[Finding]]:
    pieces, marks, at, length = [], [], 0, 0
    moves: list[tuple[int, int]] = []
    for one in found:
        pieces += [text[at : one.start], one.text]
        length += one.start - at
        marks.append(Finding(one.kind, length, length + len(one.text), one.text, one.words, one.original))
        length += len(one.text)
        at = one.end
        moves.append((one.end, length - one.end))
    moved = [
        _moved(mark, moves) for mark in before if not any(f.start < mark.end and mark.start < f.end for f in found)
    ]
    return "".join([*pieces, text[at:]]), sorted([*moved, *marks], key=lambda mark: mark.start)


def _moved(mark: Finding, moves: list[tuple[int, int]]) -> Finding:
    by = 0
    for end, shift in moves:
        if end > mark.start:
            break
        by = shift
    return Finding(mark.kind, mark.start + by, mark.end + by, mark.text, mark.words, mark.original)


def mask_data(
    value: Any, allowed: Collection[str] | Allowed = (), names: Collection[str] = ()
) -> tuple[Any, tuple[Finding, ...]]:
    """JSON data (a tool's answer) with personal data in its texts masked, and what was masked. Keys stay."""
    may = allowed if isinstance(allowed, Allowed) else allowed_of(allowed)
    found: list[Finding] = []
    return _mask_value(value, "", may, names, found), tuple(found)


def _mask_value(value: Any, key: str, may: Allowed, names: Collection[str], found: list[Finding]) -> Any:
    if isinstance(value, Mapping):
        return {k: _mask_value(v, str(k), may, names, found) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(v, key, may, names, found) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**8:
        text, marks = mask(str(value), may, names)
        found += marks
        return text if marks else value
    if not isinstance(value, str) or not value:
        return value
    # The field's name tells what a bare number is: {"ssn": "123456789"}.
    lead = f"{key.replace('_', ' ')}: " if _CUE_KEY.search(key) else ""
    text, marks = mask(lead + value, may, names)
    found += [m for m in marks if m.start >= len(lead)]
    return text[len(lead) :] if text.startswith(lead) else text


_CUE_KEY = re.compile(
    r"ssn|social|card|iban|account|routing|passport|licen[cs]e|phone|mobile|password|pwd|secret|token"
    r"|api_?key|pin|cvv|cvc|birth|dob|tax|national|bsn|nhs",
    re.I,
)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
