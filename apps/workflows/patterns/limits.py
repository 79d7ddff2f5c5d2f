"""RULE: the sizes that configurations and plans keep to, as types whose bounds every form and schema shows."""

from typing import Annotated

from msgspec import Meta

MOST_AGENTS = 50  # of one type in one stage
MOST_STEPS = 200  # of one stage
LONGEST_STEP_KEY = 76

TypeName = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_-]*$(?!\n)")]
Words = Annotated[str, Meta(max_length=2000)]
Line = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(max_length=64)]
Share = Annotated[float, Meta(ge=0, le=1)]
Quality = Annotated[float, Meta(ge=0, le=100)]
Count = Annotated[int, Meta(ge=0, le=MOST_AGENTS)]
Attempts = Annotated[int, Meta(ge=1, le=10)]
Rounds = Annotated[int, Meta(ge=0, le=5)]
Seconds = Annotated[int, Meta(ge=1, le=3600)]
StageSeconds = Annotated[int, Meta(ge=1, le=30 * 24 * 3600)]
