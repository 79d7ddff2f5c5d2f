"""RULE: what a program may send about calibration, as typed structs."""

from typing import Annotated

import msgspec
from msgspec import Meta

Unit = Annotated[float, Meta(ge=0, le=1)]
Kind = Annotated[str, Meta(max_length=64)]


class _Struct(msgspec.Struct, forbid_unknown_fields=True):
    """A misspelt field is refused: a threshold must not be dropped in silence."""


class RevertIn(_Struct):
    """The body of POST /v1/tuning/revert. number: of the version to put in force; none of the kind's own without."""

    kind: Kind = ""
    number: Annotated[int, Meta(ge=1, le=2_147_483_647)] | None = None
    reason: Annotated[str, Meta(max_length=300)] = ""


class ThresholdsIn(_Struct):
    """The body of POST /v1/tuning/thresholds. rounds: of questions; as they are without."""

    high: Unit
    medium: Unit
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    rounds: Annotated[int, Meta(ge=0, le=10)] | None = None
