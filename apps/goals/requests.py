"""RULE: what a caller may send, as typed structs, and the limits of it."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

MOST_TOOLS = 128
MOST_HISTORY = 50
MOST_JSON_BYTES = 256 * 1024

ShortText = Annotated[str, Meta(max_length=200)]


class Function(msgspec.Struct):
    """A tool in the OpenAI function format. `parameters` is a JSON Schema of an object."""

    name: Annotated[str, Meta(min_length=1, max_length=128)]
    description: Annotated[str, Meta(max_length=8000)] = ""
    parameters: dict[str, Any] = {}


class OfferedTool(msgspec.Struct):
    function: Function
    type: Annotated[str, Meta(pattern="^function$")] = "function"


class GoalIn(msgspec.Struct):
    """The body of POST /v1/goals and POST /reasoning/execute.

    tools: each in the OpenAI function format, or the name of a registered tool. confidence: the agent's own, 0 to 1.
    agent_id, workflow: who carries it out, one of the two; without either the caller does. deadline: RFC 3339 with an
    offset. callback_url: told when the goal has ended.
    """

    goal: Annotated[str, Meta(min_length=1, max_length=20_000)]
    context: dict[str, Any] = {}
    history: Annotated[list[Annotated[str, Meta(max_length=20_000)]], Meta(max_length=MOST_HISTORY)] = []
    tools: Annotated[list[OfferedTool | str], Meta(max_length=MOST_TOOLS)] = []
    agent_id: Annotated[str, Meta(max_length=60)] = ""
    workflow: Annotated[str, Meta(max_length=60)] = ""
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    deadline: Annotated[datetime, Meta(tz=True)] | None = None
    callback_url: Annotated[str, Meta(max_length=500)] = ""


class AnswersIn(msgspec.Struct):
    """The body of POST /v1/goals/{id}/clarifications: a value for each field asked about."""

    answers: dict[str, Any]


class CancelIn(msgspec.Struct):
    reason: ShortText = ""
