"""A tool's parameters, as its JSON schema states them: which are required and what sort of value each wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.goals.reading import FUNCTION_WORDS, name_words, stem, words_of
from apps.goals.vocabulary import Kind

MAX_HINT = 160


class Parameter(msgspec.Struct, frozen=True):
    """One parameter. `stems` are those of its name's words, `hints` those of its description."""

    name: str
    kind: Kind
    description: str
    required: bool
    stems: frozenset[str]
    hints: frozenset[str]
    options: tuple[str, ...] = ()
    has_default: bool = False


_BY_TYPE = {
    "integer": Kind.NUMBER, "number": Kind.NUMBER, "float": Kind.NUMBER, "boolean": Kind.BOOLEAN, "bool": Kind.BOOLEAN,
    "array": Kind.LIST, "object": Kind.OBJECT, "dict": Kind.OBJECT,
}  # fmt: skip
_BY_FORMAT = {
    "date": Kind.DATE, "date-time": Kind.DATE, "time": Kind.TIME, "email": Kind.EMAIL, "uri": Kind.URL, "url": Kind.URL,
    "uuid": Kind.CODE,
}  # fmt: skip
# What the last telling word of a parameter's name says about its values, by the way APIs are commonly worded.
_BY_WORD = {
    Kind.DATE: "date day deadline birthday dob checkin checkout month year until since due expiry expiration",
    Kind.TIME: "time hour clock timestamp",
    Kind.EMAIL: "email mail",
    Kind.URL: "url uri link website webhook endpoint",
    Kind.PHONE: "phone telephone mobile",
    Kind.CODE: "id ids identifier key token code symbol ticker isbn sku zip zipcode postcode reference uuid vin iata "
    "number account",
    Kind.FILE: "file filename path folder directory dir",
    Kind.PLACE: "city location place country state address destination origin region town airport venue area from to",
    Kind.MONEY: "price cost amount budget salary fee balance fare",
    Kind.NUMBER: "count quantity size limit total length width height weight age radius latitude longitude percentage "
    "rate seats passengers guests people adults rooms a b x y n min max temperature",
    Kind.NAME: "name user username person artist author recipient title customer restaurant employee brand",
    Kind.TEXT: "message content text body description query comment note prompt question reason subject keyword term",
}
_WORD_KINDS = {stem(word): kind for kind, words in _BY_WORD.items() for word in words.split()}


def parameters_of(schema: Any) -> tuple[Parameter, ...]:
    """The parameters of a JSON schema object; none when it is not one."""
    if not isinstance(schema, Mapping):
        return ()
    properties = schema.get("properties")
    required = schema.get("required")
    wanted = dict.fromkeys(str(name) for name in required) if isinstance(required, list) else {}
    known = {str(name): spec for name, spec in properties.items()} if isinstance(properties, Mapping) else {}
    return tuple(_parameter(name, spec, name in wanted) for name, spec in {**wanted, **known}.items())


def _parameter(name: str, spec: Any, required: bool) -> Parameter:
    spec = spec if isinstance(spec, Mapping) else {}
    description = str(spec.get("description") or "")
    listed = spec.get("enum")
    options = tuple(str(option) for option in listed if option is not None) if isinstance(listed, list) else ()
    stems = frozenset(stem(word) for word in name_words(name) if word not in FUNCTION_WORDS)
    hints = frozenset(word.stem for word in words_of(description) if word.content)
    return Parameter(
        name, _kind(name, spec, options), _hint(description), required, stems, hints, options, "default" in spec
    )


def _hint(description: str) -> str:
    first = description.strip().split(". ")[0].rstrip(".")
    return first if len(first) <= MAX_HINT else first[: MAX_HINT - 1].rsplit(" ", 1)[0] + "\u2026"


def _kind(name: str, spec: Mapping[str, Any], options: tuple[str, ...]) -> Kind:
    """From the schema where it says, else from the name, the last word first (`order_id` is an id, not an order)."""
    if options:
        return Kind.CHOICE
    stated = spec.get("type")
    stated = next((t for t in stated if t != "null"), None) if isinstance(stated, list) else stated
    by_format = _BY_FORMAT.get(str(spec.get("format")))
    if by_format:
        return by_format
    by_type = _BY_TYPE.get(str(stated))
    by_name = _kind_by_name(name, is_text=by_type is None and stated is not None)
    if by_type is Kind.NUMBER and by_name in (Kind.MONEY, Kind.CODE):
        return by_name
    return by_type or by_name or Kind.TEXT


def _kind_by_name(name: str, *, is_text: bool) -> Kind | None:
    """A single letter counts only where no other word tells (`city_a` is a place); a text is no number."""
    words = name_words(name)[::-1]
    words.sort(key=lambda word: len(word) == 1)
    kinds = [_WORD_KINDS[one] for one in map(stem, words) if one in _WORD_KINDS]
    if is_text and kinds:
        return next((kind for kind in kinds if kind is not Kind.NUMBER), Kind.CODE)
    return next(iter(kinds), None)
