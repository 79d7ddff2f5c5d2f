"""RULE: the bodies of requests about drafts."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

LONGEST_INSTRUCTION = 1000
LONGEST_GUIDANCE = 4000
LONGEST_MODEL = 120
MOST_TOOLS = 50
MOST_ARGUMENTS = 20
LEAST_REASON = 3

IntentWord = Literal["ORDER", "TRACKING", "APPOINTMENT", "REFUND", "COMPLAINT", "GENERAL"]
Argument = Annotated[str, Meta(min_length=1, max_length=64)]


class RegenerateIn(Struct, forbid_unknown_fields=True):
    """instruction: what a reviewer wants to be different."""

    instruction: Annotated[str, Meta(min_length=1, max_length=LONGEST_INSTRUCTION)]


class IntentToolIn(Struct, forbid_unknown_fields=True):
    """arguments: {parameter of the tool: what of the mail fills it}, as in states."""

    intent: IntentWord
    tool: UUID
    arguments: Annotated[dict[Argument, Argument], Meta(max_length=MOST_ARGUMENTS)] = {}


class SettingsIn(Struct, forbid_unknown_fields=True):
    """Some of a business's choices; what is left out stays. intent_tools: all of them, in the place of those before."""

    enabled: bool | UnsetType = UNSET
    keep_prompts: bool | UnsetType = UNSET
    model: Annotated[str, Meta(max_length=LONGEST_MODEL)] | UnsetType = UNSET
    token_budget: Annotated[int, Meta(ge=500, le=1_000_000)] | UnsetType = UNSET
    guidance: Annotated[str, Meta(max_length=LONGEST_GUIDANCE)] | UnsetType = UNSET
    compare: bool | UnsetType = UNSET
    control_share: Annotated[int, Meta(ge=1, le=99)] | UnsetType = UNSET
    keep_days: Annotated[int, Meta(ge=1, le=3650)] | UnsetType = UNSET
    intent_tools: Annotated[list[IntentToolIn], Meta(max_length=MOST_TOOLS)] | UnsetType = UNSET

    def choices(self) -> dict[str, Any]:
        """What was given of the settings themselves."""
        given = msgspec.structs.asdict(self)
        return {name: value for name, value in given.items() if value is not UNSET and name != "intent_tools"}


def reason_of(payload: Mapping[str, Any]) -> str:
    """Why facts without a source may stand, in the reviewer's words; "" where they hold no three letters or digits."""
    reason = payload.get("override_reason")
    said = " ".join(reason.split()) if isinstance(reason, str) else ""
    return said if sum(sign.isalnum() for sign in said) >= LEAST_REASON else ""
