"""RULE: what a program may send about agents and tools, as typed structs, and the limits of it."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from apps.agents.kinds import LONGEST_ENTRY, LONGEST_PROMPT, MOST_AT_ONCE, MOST_SECONDS

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Key = Annotated[str, Meta(pattern=r"^[-a-zA-Z0-9_]{1,60}\Z")]
ToolName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}\Z")]
Sentence = Annotated[str, Meta(max_length=500)]
Address = Annotated[str, Meta(max_length=500)]
Prompt = Annotated[str, Meta(max_length=LONGEST_PROMPT)]
Model = Annotated[str, Meta(max_length=120)]
Entry = Annotated[str, Meta(max_length=LONGEST_ENTRY)]
Seconds = Annotated[int, Meta(ge=1, le=MOST_SECONDS)]
AtOnce = Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]
Price = Annotated[float, Meta(ge=0, le=1000)]
Unit = Annotated[float, Meta(ge=0, le=1)]
Text = Annotated[str, Meta(max_length=4000)]
Method = Literal["POST", "GET"]
RemoteName = Annotated[str, Meta(max_length=128)]


class _Struct(msgspec.Struct, forbid_unknown_fields=True):
    """A misspelt field is refused: a limit must not be dropped in silence."""


class AgentIn(_Struct):
    """The body of POST /v1/agents. Fields of other kinds must be left out."""

    key: Key
    name: Name
    kind: Literal["http", "model", "python"] = "http"
    description: Sentence = ""
    url: Address | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    model: Model | UnsetType = UNSET
    prompt: Prompt | UnsetType = UNSET
    entry: Entry | UnsetType = UNSET
    types: list[str] = []
    concurrency: AtOnce = 4
    timeout_seconds: Seconds = 30
    price_per_call: Price = 0


class AgentChangeIn(_Struct):
    """The body of PATCH /v1/agents/{key}: what is left out stays. headers: replaced as a whole."""

    name: Name | UnsetType = UNSET
    description: Sentence | UnsetType = UNSET
    url: Address | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    model: Model | UnsetType = UNSET
    prompt: Prompt | UnsetType = UNSET
    entry: Entry | UnsetType = UNSET
    types: list[str] | UnsetType = UNSET
    concurrency: AtOnce | UnsetType = UNSET
    timeout_seconds: Seconds | UnsetType = UNSET
    price_per_call: Price | UnsetType = UNSET


class DisableIn(_Struct):
    """The body of POST /v1/agents/{key}/disable."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class ToolIn(_Struct):
    """The body of POST /v1/tools. Fields of other kinds must be left out."""

    name: ToolName
    description: Annotated[str, Meta(min_length=1, max_length=4000)]
    kind: Literal["described", "http", "mcp", "python"] = "described"
    parameters: dict[str, Any] = {}
    risk: Unit = 0.3
    enabled: bool = True
    url: Address | UnsetType = UNSET
    method: Method | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    remote_name: RemoteName | UnsetType = UNSET
    entry: Entry | UnsetType = UNSET
    returned: list[str] | UnsetType = UNSET
    timeout_seconds: Seconds | UnsetType = UNSET


class ToolChangeIn(_Struct):
    """The body of PATCH /v1/tools/{name}: what is left out stays. headers: replaced as a whole."""

    description: Annotated[str, Meta(min_length=1, max_length=4000)] | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    risk: Unit | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    url: Address | UnsetType = UNSET
    method: Method | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    remote_name: RemoteName | UnsetType = UNSET
    entry: Entry | UnsetType = UNSET
    returned: list[str] | UnsetType = UNSET
    timeout_seconds: Seconds | UnsetType = UNSET


class UseIn(_Struct):
    """The body of POST /v1/tools/{name}/use."""

    arguments: dict[str, Any] = {}


def given(wanted: msgspec.Struct) -> dict[str, Any]:
    """The fields that were sent, or that have a value when nothing is sent, by name."""
    fields = ((name, getattr(wanted, name)) for name in wanted.__struct_fields__)
    return {name: value for name, value in fields if value is not UNSET}
