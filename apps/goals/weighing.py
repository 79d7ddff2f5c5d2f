"""ACT: weigh a goal before anything is written: look up its agent and tools, prepare the facts, let the rules judge."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.agents.models import Agent, Tool
from apps.agents.selectors import find_agent, registered_tools
from apps.core.bodies import check_storable
from apps.core.errors import Invalid
from apps.core.outbound import check_url
from apps.core.recall import Recall
from apps.goals.assessment import Assessment, assess
from apps.goals.configuration import GateConfiguration, configuration_of
from apps.goals.facts import GoalFacts
from apps.goals.gate import path_when_unsure
from apps.goals.judging import ask_the_judge, has_judge
from apps.goals.marks import without_trial
from apps.goals.preparing import prepare_facts
from apps.goals.requests import MOST_JSON_BYTES, GoalIn, OfferedTool
from apps.goals.risk import risk_of_goal
from apps.goals.timing import Stage, Stopwatch
from apps.llm.embedding import get_embedder
from apps.trust.routing import standing_of
from apps.workflows.models import Workflow

# A tool counts as one the goal would use when it fits nearly as well as the best, and fits at all.
NEARLY_AS_GOOD = 0.9
FITS_AT_ALL = 0.35
# Of words, context, history and tools together; a larger goal is read anew when it comes again.
MOST_REMEMBERED_BYTES = 16 * 1024

_agents: Recall[tuple[UUID, str], Agent] = Recall()
_workflows: Recall[tuple[UUID, str], Workflow] = Recall()
_tools: Recall[tuple[UUID, str], Tool | None] = Recall()


@dataclass(frozen=True, slots=True)
class Weighed:
    """A goal ready to be written. `assessment` is None while PHASE2_ENABLED is off: the goal then runs as it comes."""

    business_id: UUID
    wanted: GoalIn
    tools: list[dict[str, Any]]
    configuration: GateConfiguration
    assessment: Assessment | None
    risk: float = 0.5
    watch: Stopwatch = field(default_factory=Stopwatch)
    kind: str = ""
    curve_version: UUID | None = None
    unsure_path: str = ""


def weigh(*, business_id: UUID, wanted: GoalIn, rounds_used: int = 0, watch: Stopwatch | None = None) -> Weighed:
    """Judge a goal. Call outside a transaction: reading and judging may take long (a model may be asked).

    watch: started when the request came in; without one the time counts from here.
    Raises Invalid: naming the field that is unknown, too large, in the past or not to be stored.
    """
    watch = watch or Stopwatch()
    watch.enter(Stage.LOOK_UP)
    _check(wanted)
    carrier, tools, risks = _look_up(business_id, wanted)
    configuration = configuration_of(business_id)
    if not configuration.enabled:
        return Weighed(business_id, wanted, tools, configuration, None, watch=watch)
    watch.enter(Stage.READ)
    facts = _facts_of(wanted, tools, carrier)
    judgement = None
    if has_judge(business_id):
        watch.enter(Stage.MODEL)
        judgement = ask_the_judge(business_id=business_id, wanted=wanted, tools=tools, facts=facts)
    watch.enter(Stage.JUDGE)
    kind = _kind_of(facts, wanted)
    in_force = configuration.curve_for(kind)
    rounds_left = configuration.rounds - rounds_used
    assessment = assess(
        facts,
        thresholds=configuration.thresholds,
        switches=configuration.switches,
        own_confidence=wanted.confidence,
        trust_boost=_trust_in(carrier),
        rounds_left=rounds_left,
        judgement=judgement,
        curve=in_force.curve,
    )
    best = facts.tools[0].fit if facts.tools else 0.0
    used = [tool.name for tool in facts.tools if tool.fit >= max(best * NEARLY_AS_GOOD, FITS_AT_ALL)]
    risk = risk_of_goal(tools=used, registered=risks, confidence=assessment.confidence.value)
    unsure = path_when_unsure(assessment.checks, configuration.switches, rounds_left=rounds_left)
    return Weighed(
        business_id,
        wanted,
        tools,
        configuration,
        assessment,
        risk,
        watch,
        kind=kind,
        curve_version=in_force.version,
        unsure_path=unsure.execution_path if unsure else "",
    )


def _kind_of(facts: GoalFacts, wanted: GoalIn) -> str:
    """What calibration takes for one kind of goal: those the same tool fits best, else those of the same agent."""
    best = facts.tools[0] if facts.tools else None
    return (best.name if best and best.fit >= FITS_AT_ALL else wanted.agent_id or wanted.workflow)[:64]


def _trust_in(carrier: Agent | Workflow | None) -> float | None:
    """The boost of the goal's one agent; None where there is none, or nothing is known of it."""
    if not isinstance(carrier, Agent):
        return None
    standing = standing_of(carrier.business_id, carrier.pk, "")
    return standing.boost if standing.enough else None


def _facts_of(wanted: GoalIn, tools: list[dict[str, Any]], carrier: Agent | Workflow | None) -> GoalFacts:
    """What the goal says. That depends on its words and the day alone, so one that comes again is not read again."""
    scope = [carrier.description] if carrier and carrier.description else []
    words = msgspec.json.encode((wanted.goal, without_trial(wanted.context), wanted.history, tools, scope))
    read = _read if len(words) <= MOST_REMEMBERED_BYTES else _read.__wrapped__
    return read(words, timezone.now().date())


@lru_cache(maxsize=1000)
def _read(words: bytes, day: date) -> GoalFacts:
    goal, context, history, tools, scope = msgspec.json.decode(words)
    return prepare_facts(
        goal=goal,
        context=context,
        history=history,
        tools=tools,
        scope=scope,
        embedder=get_embedder(),
        now=datetime.combine(day, time(), UTC),
    )


def _check(wanted: GoalIn) -> None:
    if not wanted.goal.strip():
        raise Invalid("goal", "Say what is to be done")
    if len(_stored_json(wanted)) > MOST_JSON_BYTES:
        raise Invalid("context", f"Context, history and tools together take more than {MOST_JSON_BYTES} bytes")
    if wanted.deadline and wanted.deadline <= timezone.now():
        raise Invalid("deadline", "This moment has passed")
    if wanted.callback_url:
        check_url(wanted.callback_url, field="callback_url")


def _stored_json(wanted: GoalIn) -> bytes:
    """Context, history and tools as JSON. Raises Invalid when they, or a text beside them, cannot be stored."""
    texts = wanted.goal + wanted.agent_id + wanted.workflow + wanted.callback_url
    try:
        encoded = msgspec.json.encode((wanted.context, wanted.history, wanted.tools))
        sound = rb"\u0000" not in encoded and "\0" not in texts
    except UnicodeEncodeError:
        sound, encoded = False, b""
    # Looking through every value takes long, so it is done only to name the one that is wrong.
    if not sound:
        for name in ("goal", "context", "history", "tools", "agent_id", "workflow", "callback_url"):
            check_storable(msgspec.to_builtins(getattr(wanted, name)), name)
    return encoded


def _look_up(
    business_id: UUID, wanted: GoalIn
) -> tuple[Agent | Workflow | None, list[dict[str, Any]], dict[str, float]]:
    known = _known_tools(business_id, wanted)
    tools = []
    for index, tool in enumerate(wanted.tools):
        if isinstance(tool, OfferedTool):
            tools.append(msgspec.to_builtins(tool))
        elif row := known.get(tool):
            function = {"name": row.name, "description": row.description, "parameters": row.parameters}
            tools.append({"type": "function", "function": function})
        else:
            raise Invalid(f"tools[{index}]", f"There is no registered tool named {tool[:80]}")
    return _carrier_of(business_id, wanted), tools, {name: tool.risk for name, tool in known.items()}


def _carrier_of(business_id: UUID, wanted: GoalIn) -> Agent | Workflow | None:
    """Who is to carry the goal out."""
    if wanted.agent_id and wanted.workflow:
        raise Invalid("workflow", "Name an agent or a workflow, not both")
    if wanted.workflow:
        return _find_workflow(business_id, wanted.workflow)
    return _find_agent(business_id, wanted.agent_id) if wanted.agent_id else None


def _find_workflow(business_id: UUID, key: str) -> Workflow:
    def look_up(_: object) -> dict[tuple[UUID, str], Workflow]:
        with acting_for(business_id):
            row = Workflow.objects.filter(business_id=business_id, key=key).first()
        return {(business_id, key): row} if row else {}

    workflow = _workflows.get([(business_id, key)], look_up).get((business_id, key))
    if workflow is None:
        raise Invalid("workflow", f"There is no workflow {key}")
    if not workflow.enabled:
        raise Invalid("workflow", f"The workflow {key} is switched off")
    return workflow


def _known_tools(business_id: UUID, wanted: GoalIn) -> dict[str, Tool]:
    """The registered tools among those offered, by name."""
    by_name = {tool for tool in wanted.tools if isinstance(tool, str)}
    names = by_name | {tool.function.name for tool in wanted.tools if isinstance(tool, OfferedTool)}

    def look_up(missing: list[tuple[UUID, str]]) -> dict[tuple[UUID, str], Tool | None]:
        with acting_for(business_id):
            rows = registered_tools(business_id, [name for _, name in missing])
        # That a name is not registered is remembered, unless the caller counts on it.
        return {key: rows.get(key[1]) for key in missing if key[1] in rows or key[1] not in by_name}

    found = _tools.get([(business_id, name) for name in names], look_up)
    return {name: tool for (_, name), tool in found.items() if tool}


def _find_agent(business_id: UUID, key: str) -> Agent:
    def look_up(_: object) -> dict[tuple[UUID, str], Agent]:
        with acting_for(business_id):
            row = find_agent(business_id, key)
        return {(business_id, key): row} if row else {}

    agent = _agents.get([(business_id, key)], look_up).get((business_id, key))
    if agent is None:
        raise Invalid("agent_id", f"There is no agent {key}")
    if not agent.enabled:
        raise Invalid("agent_id", f"The agent {key} is switched off: {agent.disabled_reason or 'no reason given'}")
    return agent
