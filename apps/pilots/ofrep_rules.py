"""RULE: OFREP, how programs of any language ask for features: who may ask what, what a request says, what it is told.

The OpenFeature Remote Evaluation Protocol is written down in github.com/open-feature/protocol (service/openapi.yaml,
and service/adrs/0008 for the stream of changes).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID

import msgspec

from apps.pilots.rollout import Flag

MOST_CHARACTERS = 256
_TAG = re.compile(r'"[^"]*"')
_CONTEXT = "$.context"


class ErrorCode(StrEnum):
    """The codes of the OpenFeature specification that OFREP answers with."""

    PARSE_ERROR = "PARSE_ERROR"
    TARGETING_KEY_MISSING = "TARGETING_KEY_MISSING"
    INVALID_CONTEXT = "INVALID_CONTEXT"
    GENERAL = "GENERAL"
    FLAG_NOT_FOUND = "FLAG_NOT_FOUND"


class Refused(Exception):
    """A question that gets no answer: why, in the protocol's code and in words."""

    def __init__(self, code: ErrorCode, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details

    def wire(self, key: str | None = None) -> bytes:
        """As the protocol's JSON; key: of the feature that was asked for, none in bulk."""
        named = {} if key is None else {"key": key}
        return msgspec.json.encode({**named, "errorCode": self.code.value, "errorDetails": self.details})


ELSEWHERE = "A key of this business may ask about this business alone: targetingKey must be its id"


@dataclass(frozen=True, slots=True)
class Shown:
    """A feature as far as it matters who may ask for it. version: another one after every change."""

    flag: Flag
    version: UUID
    home_id: UUID | None
    exposed: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """The features that the programs of one business may ask for, by key.

    own: of its rollouts; about anybody. others: exposed ones of other homes; about this business alone.
    """

    own: Mapping[str, Shown] = field(default_factory=dict)
    others: Mapping[str, Shown] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    own_flags: tuple[Flag, ...] = ()
    refusals: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Sights:
    """What each business may ask for: `by_home` those that run rollouts, `usual` all the others."""

    by_home: Mapping[UUID, Sight]
    usual: Sight

    def of(self, business_id: UUID) -> Sight:
        return self.by_home.get(business_id, self.usual)


class _Context(msgspec.Struct):
    targetingKey: str | None = None  # noqa: N815 - the protocol's name


class _Request(msgspec.Struct):
    context: _Context = msgspec.field(default_factory=_Context)


_decoder = msgspec.json.Decoder(_Request)


def targeting_key_of(body: bytes) -> str:
    """Whom a request is about. Raises Refused: no JSON object, no context, no usable targeting key."""
    try:
        key = _decoder.decode(body).context.targetingKey
    except msgspec.ValidationError as error:
        raise _refusal_of(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(ErrorCode.PARSE_ERROR, f"The body is not JSON: {error}") from None
    if not key:
        raise Refused(ErrorCode.TARGETING_KEY_MISSING, "Say whom it is about: context.targetingKey")
    if len(key) > MOST_CHARACTERS or "\0" in key:
        raise Refused(
            ErrorCode.INVALID_CONTEXT, f"targetingKey: at most {MOST_CHARACTERS} characters, none of them null"
        )
    return key


def sights_of(features: Iterable[Shown]) -> Sights:
    """Who may ask for which of the features. Archived ones are nobody's."""
    living = sorted((one for one in features if not one.flag.archived), key=lambda one: one.flag.key)
    exposed = [one for one in living if one.exposed]
    homes = {one.home_id for one in living if one.home_id}
    by_home = {
        home: _sight(
            [one for one in living if one.home_id == home],
            [one for one in exposed if one.home_id != home],
        )
        for home in homes
    }
    return Sights(by_home, _sight([], exposed))


def answer_one(sight: Sight, business_id: UUID, key: str, body: bytes) -> tuple[int, bytes]:
    """(HTTP status, JSON) for one feature, asked for by a program of the business."""
    shown = sight.own.get(key)
    mine = shown is not None
    shown = shown or sight.others.get(key)
    if shown is None:
        return 404, Refused(ErrorCode.FLAG_NOT_FOUND, "There is no such feature that this key may ask for").wire(key)
    try:
        targeting_key = targeting_key_of(body)
        if not mine and targeting_key != str(business_id):
            raise Refused(ErrorCode.INVALID_CONTEXT, ELSEWHERE)
    except Refused as refused:
        return 400, refused.wire(key)
    return 200, shown.flag.answer(targeting_key).wire


def answers(sight: Sight, business_id: UUID, body: bytes) -> bytes:
    """The answers of all features that a program of the business may ask for, as JSON joined by commas.

    Raises Refused when none of them may be asked for with this targeting key. Where a home asks about somebody else,
    features of other homes are refused one by one.
    """
    targeting_key = targeting_key_of(body)
    if targeting_key == str(business_id):
        return b",".join([flag.answer(targeting_key).wire for flag in sight.flags])
    if not sight.own:
        raise Refused(ErrorCode.INVALID_CONTEXT, ELSEWHERE)
    return b",".join([flag.answer(targeting_key).wire for flag in sight.own_flags] + list(sight.refusals))


def tag_of(content: bytes) -> str:
    """The entity tag of answers: another one when and only when they differ."""
    return f'"{blake2b(content, digest_size=16).hexdigest()}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether an If-None-Match header names the tag, weak or strong, in a list, or as `*` (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def configuration_tag(sight: Sight, business_id: UUID) -> str:
    """Another one whenever something that a program of the business may ask for may have changed.

    Features of other homes count by what they answer this business: what happens to others is not its concern.
    """
    parts = [shown.version.bytes for shown in sight.own.values()]
    parts += [shown.flag.peek(str(business_id)).wire for shown in sight.others.values()]
    return blake2b(b"\0".join(parts), digest_size=16).hexdigest()


def _sight(own: list[Shown], others: list[Shown]) -> Sight:
    both = sorted([*own, *others], key=lambda one: one.flag.key)
    refused = Refused(ErrorCode.INVALID_CONTEXT, ELSEWHERE)
    return Sight(
        own={one.flag.key: one for one in own},
        others={one.flag.key: one for one in others},
        flags=tuple(one.flag for one in both),
        own_flags=tuple(one.flag for one in own),
        refusals=tuple(refused.wire(one.flag.key) for one in others),
    )


def _refusal_of(message: str) -> Refused:
    # msgspec ends its message with the place: "Expected `str`, got `int` - at `$.context.targetingKey`".
    if _CONTEXT in message:
        return Refused(ErrorCode.INVALID_CONTEXT, message)
    return Refused(ErrorCode.PARSE_ERROR, f"The body is no request: {message}")
