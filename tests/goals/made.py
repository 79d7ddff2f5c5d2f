"""Facts made by hand, and hypothesis strategies for them: the rules are tested without any text."""

from typing import Any

from hypothesis import strategies as st

from apps.goals.facts import AskFact, Contradiction, GoalFacts, ParameterFact, ToolFact
from apps.goals.vocabulary import Kind


def facts(**changes: Any) -> GoalFacts:
    """A clear goal with one fitting tool and its one value given, changed as told."""
    plain: dict[str, Any] = {
        "words": 3,
        "wordlike": 1.0,
        "understood": 1.0,
        "clarity": 1.0,
        "clarity_gaps": (),
        "asks": (AskFact("Cancel order 1055", "cancel_order", 0.97),),
        "tools": (tool(),),
        "covered": 0.97,
        "required": (parameter(),),
        "given": 0.95,
        "left_open": (),
        "contradictions": (),
        "scope": 0.9,
        "scope_name": "what the offered tools are for",
        "conditions": 0,
        "context_fields": 0,
        "history_turns": 0,
    }
    return GoalFacts(**plain | changes)


def tool(name: str = "cancel_order", fit: float = 0.97) -> ToolFact:
    return ToolFact(name, fit, ("cancel", "order"))


def parameter(name: str = "order_id", supplied: float = 0.95, **more: Any) -> ParameterFact:
    plain: dict[str, Any] = {"tool": "cancel_order", "kind": Kind.CODE, "description": "Order number"}
    return ParameterFact(name=name, supplied=supplied, evidence="in the goal" if supplied > 0.5 else "", **plain | more)


shares = st.floats(0, 1)
tools = st.lists(st.builds(tool, st.sampled_from(["a", "b", "c"]), shares), max_size=4).map(
    lambda found: tuple(sorted(found, key=lambda one: -one.fit))
)
parameters = st.lists(st.builds(parameter, st.sampled_from(["order_id", "amount"]), shares), max_size=4).map(tuple)
contradictions = st.lists(
    st.builds(Contradiction, st.just("opposites"), st.just("x"), st.just("y"), shares), max_size=2
)


@st.composite
def any_facts(draw: st.DrawFn) -> GoalFacts:
    offered = draw(tools)
    asks = draw(st.lists(st.builds(AskFact, st.just("do it"), st.just(offered[0].name if offered else ""), shares)))
    return facts(
        words=draw(st.integers(0, 2000)),
        wordlike=draw(shares),
        understood=draw(shares),
        clarity=draw(shares),
        asks=tuple(asks),
        tools=offered,
        covered=draw(shares),
        required=draw(parameters) if offered else (),
        given=draw(shares),
        contradictions=tuple(sorted(draw(contradictions), key=lambda one: -one.strength)),
        scope=draw(st.none() | shares),
        conditions=draw(st.integers(0, 30)),
    )
