"""RULE: what the pilot of retrieval is measured by: which rows count, which of them are hits, and how it is said.

Each Part is counted in one of two ways: by the moment a draft was there (or its making failed), or by the moment it was
decided. The SQL stands here once, and both the metrics of rollouts and the page are put together from it, so that a
guard and a chart can never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.core.measures import Better, Figured

# What is taken only of the hits of another figure: where that has none, it does not apply.
BASIS = dict.fromkeys(("token_accuracy", "token_error_rate", "token_error"), "model_written_rate")
# Of the tokens that the provider counted: an estimate this near is accurate, one this far is far off.
NEAR, FAR = 0.10, 0.20
# Of a reply: edited as little as this it counts as used as it was, as much as this as written anew.
LIGHT_EDIT, HEAVY_EDIT = 0.30, 0.50


class Moment(StrEnum):
    """The column by which a part is put into a window."""

    MADE = "made_at"
    DECIDED = "decided_at"


_VERSION = "version > 0"
_LOOKED_UP = "retrieval IN ('hit', 'miss', 'timeout', 'error', 'dropped') AND retrieval_ms IS NOT NULL"
_COUNTED = "tokens_estimated IS NOT NULL AND tokens_actual > 0"
_OFF_BY = "abs(tokens_estimated - tokens_actual) / tokens_actual::float8"
_ENDED = "state IN ('approved', 'sent', 'discarded')"
_BY_PERSON = f"{_ENDED} AND decided_by LIKE 'user:%%'"
_EDITED = "state IN ('approved', 'sent') AND edit_distance IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Part:
    """One figure of drafts. where, n, hits, value: SQL about a row; n, hits: numbers to add up; value: of a quantile.

    meaning: which rows, and which of them are hits, exactly.
    """

    name: str
    title: str
    of: str
    meaning: str
    moment: Moment
    where: str
    hits: str
    unit: str = "%"
    kind: Figured = Figured.SHARE
    better: Better = Better.LOW
    n: str = "1"
    value: str = ""


def _case(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


PARTS: tuple[Part, ...] = (
    Part(
        "draft_success_rate", "Drafts made", "mails",
        "Of the mails whose reply was to be drafted, by when that ended: the share that got a draft at all.",
        Moment.MADE, "true", _case(_VERSION), better=Better.HIGH,
    ),
    Part(
        "verification_rate", "Verification replies", "drafts",
        "Of the drafts made: the share that asks the customer for what is missing instead of answering.",
        Moment.MADE, _VERSION, _case("verification"),
    ),
    Part(
        "hallucination_count", "Hallucinations", "drafts",
        "Facts that a draft's generator stated, and that no tool, mail or snippet held, let through or not.",
        Moment.MADE, _VERSION, "hallucinations", unit="", kind=Figured.COUNT,
    ),
    Part(
        "rag_hit_rate", "Retrieval hits", "look-ups",
        "Of the drafts for which past replies were looked up: the share that got at least one into its prompt.",
        Moment.MADE, _LOOKED_UP, _case("retrieval = 'hit'"), better=Better.HIGH,
    ),
    Part(
        "rag_latency", "Retrieval time", "look-ups",
        "Seconds that a look-up of past replies took, time-outs included; 95 % took at most so long.",
        Moment.MADE, _LOOKED_UP, "0", unit="s", kind=Figured.QUANTILE, value="retrieval_ms / 1000",
    ),
    Part(
        "token_accuracy", "Token estimates", "calls",
        "Of the calls whose tokens the provider counted: the share whose estimate was within 10 % of that count.",
        Moment.MADE, _COUNTED, _case(f"{_OFF_BY} <= {NEAR}"), better=Better.HIGH,
    ),
    Part(
        "token_error_rate", "Token estimates far off", "calls",
        "Of the calls whose tokens the provider counted: the share whose estimate was more than 20 % off that count.",
        Moment.MADE, _COUNTED, _case(f"{_OFF_BY} > {FAR}"),
    ),
    Part(
        "token_error", "Token error", "calls",
        "By how much the estimate of a prompt's tokens was off the provider's count, on average; at most 100 % each.",
        Moment.MADE, _COUNTED, f"least({_OFF_BY}, 1)",
    ),
    Part(
        "model_written_rate", "Written by a model", "drafts",
        "Of the drafts made: the share that a provider's model wrote; nobody counts the tokens of the others.",
        Moment.MADE, _VERSION, _case("made_by = 'model'"), better=Better.HIGH,
    ),
    Part(
        "draft_approval_rate", "Drafts approved", "decisions",
        "Of the drafts that people decided: the share they approved, as it was or edited.",
        Moment.DECIDED, _BY_PERSON, _case("state <> 'discarded'"), better=Better.HIGH,
    ),
    Part(
        "edit_distance", "Lightly edited", "approved drafts",
        "Of the drafts approved for sending: the share of which at most 30 % was changed before.",
        Moment.DECIDED, _EDITED, _case(f"edit_distance <= {LIGHT_EDIT}"), better=Better.HIGH,
    ),
    Part(
        "edit_far_rate", "Written anew", "approved drafts",
        "Of the drafts approved for sending: the share of which more than 50 % was changed before.",
        Moment.DECIDED, _EDITED, _case(f"edit_distance > {HEAVY_EDIT}"),
    ),
    Part(
        "discard_rate", "Discarded", "decided drafts",
        "Of the drafts that came to a decision, of a person, a program or a deadline: the share that was thrown away.",
        Moment.DECIDED, _ENDED, _case("state = 'discarded'"),
    ),
    Part(
        "retrieval_timeout_rate", "Retrieval time-outs", "look-ups",
        "Of the drafts for which past replies were looked up: the share where none came in time, or it failed.",
        Moment.MADE, _LOOKED_UP, _case("retrieval IN ('timeout', 'error')"),
    ),
    Part(
        "tool_error_rate", "Tool errors", "tool calls",
        "Of the tools that were called for drafts: the share that gave no answer, or one that was not as described.",
        Moment.MADE, "tool_calls > 0", "tool_errors", n="tool_calls",
    ),
    Part(
        "security_incidents", "Security incidents", "drafts",
        "Personal data that a draft's generator let out, and headers or recipients it tried to set; all were stopped.",
        Moment.MADE, _VERSION, "privacy_incidents + injection_incidents", unit="", kind=Figured.COUNT,
    ),
)  # fmt: skip
BY_NAME = {part.name: part for part in PARTS}


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure's healthy side: at least `low`, at most `high`; either may be None."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def surely_broken(self, low: float, high: float) -> bool:
        """Whether all of an interval lies beyond."""
        return (self.low is not None and high < self.low) or (self.high is not None and low > self.high)

    def surely_kept(self, low: float, high: float) -> bool:
        return self.holds(low) and self.holds(high)


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the nine. target: where it should be; alert: beyond it somebody is told. alert_part: what the alert
    looks at, where that is another figure than the target's.
    """

    part: Part
    target: Limit
    alert: Limit
    target_words: str
    alert_words: str
    alert_part: Part | None = None

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def alerting(self) -> Part:
        return self.alert_part or self.part

    @property
    def critical(self) -> bool:
        """What must never happen at all."""
        return self.part.kind is Figured.COUNT


NINE: tuple[Figure, ...] = (
    Figure(BY_NAME["draft_success_rate"], Limit(low=0.95), Limit(low=0.90), "above 95 %", "below 90 %"),
    Figure(BY_NAME["verification_rate"], Limit(0.20, 0.40), Limit(high=0.60), "20 to 40 %", "above 60 %"),
    Figure(BY_NAME["hallucination_count"], Limit(high=0), Limit(high=0), "0", "any"),
    Figure(BY_NAME["rag_hit_rate"], Limit(low=0.60), Limit(low=0.30), "above 60 %", "below 30 %"),
    Figure(BY_NAME["rag_latency"], Limit(high=0.2), Limit(high=0.5), "below 200 ms", "above 500 ms"),
    Figure(
        BY_NAME["token_accuracy"], Limit(low=0.80), Limit(high=0.30),
        "80 % within 10 %", "over 30 % more than 20 % off", BY_NAME["token_error_rate"],
    ),
    Figure(BY_NAME["draft_approval_rate"], Limit(low=0.70), Limit(low=0.60), "above 70 %", "below 60 %"),
    Figure(
        BY_NAME["edit_distance"], Limit(low=0.60), Limit(high=0.40),
        "60 % changed by at most 30 %", "over 40 % changed by more than 50 %", BY_NAME["edit_far_rate"],
    ),
    Figure(BY_NAME["discard_rate"], Limit(high=0.20), Limit(high=0.30), "below 20 %", "above 30 %"),
)  # fmt: skip
# Told of as well, beside the nine.
SECURITY = Figure(BY_NAME["security_incidents"], Limit(high=0), Limit(high=0), "0", "any")
FIGURES = {figure.name: figure for figure in (*NINE, SECURITY)}
