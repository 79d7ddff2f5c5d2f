"""RULE: what a program may send about workflows, as typed structs."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Note = Annotated[str, Meta(max_length=200)]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]


class _Struct(msgspec.Struct, forbid_unknown_fields=True):
    """A misspelt field is refused: a setting must not be dropped in silence."""


class WorkflowIn(_Struct):
    """The body of POST /v1/workflows. config: what differs from the pattern's defaults."""

    key: str
    pattern: str
    name: Annotated[str, Meta(max_length=120)] = ""
    description: Annotated[str, Meta(max_length=500)] = ""
    config: dict[str, Any] = {}
    note: Note = ""


class WorkflowChange(_Struct):
    """The body of PATCH /v1/workflows/{key}: what is left out stays. version: the one the change was made from."""

    name: Annotated[str, Meta(min_length=1, max_length=120)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    config: dict[str, Any] | UnsetType = UNSET
    note: Note = ""
    version: Number | None = None


class RestoreIn(_Struct):
    """The body of POST /v1/workflows/{key}/versions/{number}/restore. version: the current one, as last seen."""

    version: Number | None = None


class RunIn(_Struct):
    """The body of POST /v1/workflows/{key}/runs. key: starting again with the same one starts nothing."""

    input: dict[str, Any]
    title: Annotated[str, Meta(max_length=200)] = ""
    key: Annotated[str, Meta(max_length=90)] = ""
    correlation_id: Annotated[str, Meta(max_length=80)] = ""
    priority: Literal["critical", "normal", "low"] = "normal"
    deadline: Moment | None = None


class ReasonIn(_Struct):
    """The body of POST /v1/workflows/runs/{id}/cancel."""

    reason: Annotated[str, Meta(max_length=400)] = ""
