"""RULE: what a program may send about features, as typed structs."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

Words = Annotated[str, Meta(max_length=500)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
# With its zone: a moment without one would mean another in every place.
Moment = Annotated[datetime, Meta(tz=True)]


class _Struct(msgspec.Struct, forbid_unknown_fields=True):
    """A misspelt field is refused: a reason or a level must not be dropped in silence."""


class SwitchOnIn(_Struct):
    """The body of POST /v1/features/{key}/businesses."""

    business: UUID
    notes: Words = ""


class SwitchOffIn(_Struct):
    """The body of POST .../businesses/{id}/off. hold: hold it back in any case, or never; where needed without."""

    reason: Words = ""
    hold: bool | None = None


class DefaultIn(_Struct):
    """The body of PUT /v1/features/{key}/default. variant: empty for what the environment says."""

    variant: Annotated[str, Meta(max_length=40)]


class AdvanceIn(_Struct):
    """The body of POST /v1/features/{key}/advance."""

    override_reason: Words = ""
    due_at: Moment | None = None


class RollbackIn(_Struct):
    """The body of POST /v1/features/{key}/rollbacks. business: of the level business; from, to: of cohort."""

    level: Literal["business", "cohort", "everything"]
    reason: Reason
    business: UUID | None = None
    since: Moment | None = field(default=None, name="from")
    until: Moment | None = field(default=None, name="to")
    rehearse: bool = False


class UndoIn(_Struct):
    """The body of POST /v1/features/{key}/rollbacks/{id}/undo."""

    reason: Reason


class SettingsIn(_Struct, rename="camel"):
    """The body of PATCH /v1/pilots/settings: what is left out stays as it is."""

    email_rag_enabled: bool | UnsetType = UNSET
    email_snippets_enabled: bool | UnsetType = UNSET
    email_rag_min_confidence: Annotated[float, Meta(ge=0, le=1)] | UnsetType = UNSET
    email_rag_max_examples: Annotated[int, Meta(ge=0, le=10)] | UnsetType = UNSET
