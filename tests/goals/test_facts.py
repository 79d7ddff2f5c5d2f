"""Facts prepared from real text, with the real word vectors."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.goals.assessment import Assessment, assess
from apps.goals.facts import GoalFacts
from apps.goals.gate import Switches, Thresholds
from apps.goals.preparing import prepare_facts
from apps.goals.prevalidation import run_checks
from apps.goals.vocabulary import Check, Kind, Path, Status
from apps.llm.embedding import get_embedder

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def tool(name: str, description: str, **parameters: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": parameters, "required": list(parameters)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


ORDER = {"type": "string", "description": "Order number"}
REFUND = tool("refund_order", "Refund an order to the customer.", order_id=ORDER, amount={"type": "number"})
CANCEL = tool("cancel_order", "Cancel an order that has not been shipped yet.", order_id=ORDER)
TRACK = tool("track_shipment", "Look up where a parcel is and when it will arrive.", order_id=ORDER)
EMAIL = tool(
    "send_email",
    "Send an email to a customer.",
    to={"type": "string", "format": "email", "description": "Address of the recipient"},
    body={"type": "string", "description": "Text of the message"},
)
SHOP = [REFUND, CANCEL, TRACK, EMAIL]


def prepared(goal: str, tools: list[dict[str, Any]] | None = None, **more: Any) -> GoalFacts:
    offered = SHOP if tools is None else tools
    return prepare_facts(goal=goal, tools=offered, embedder=get_embedder(), now=more.pop("now", NOW), **more)


def assessed(goal: str, **more: Any) -> Assessment:
    return assess(prepared(goal, **more), thresholds=Thresholds(), switches=Switches())


def status(goal: str, check: Check, **more: Any) -> Status:
    return next(one.status for one in run_checks(prepared(goal, **more)) if one.check is check)


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("Refund order 1042, 35.50 euros", "refund_order"),
        ("Please cancel order 1055", "cancel_order"),
        ("Where is the parcel for order 1077?", "track_shipment"),
        ("Write an email to anna@example.com that the vase is on its way", "send_email"),
    ],
)
def test_the_tool_that_does_it_is_found(goal, expected):
    assert prepared(goal).tools[0].name == expected


@pytest.mark.parametrize("goal", ["Book me a flight to Lisbon", "What is the capital of Mongolia?"])
def test_a_goal_that_no_tool_serves_is_rejected(goal):
    found = assessed(goal)
    assert found.verdict.path is Path.REJECT
    assert found.confidence.value < 0.5


def test_taking_the_tool_away_lowers_the_tool_score_most():
    goal = "Write an email to anna@example.com that the vase is on its way"
    with_tool, without = prepared(goal), prepared(goal, tools=[REFUND, CANCEL, TRACK])
    assert with_tool.covered > without.covered + 0.2


def test_the_length_of_a_goal_earns_nothing():
    """Background that has nothing to do with the tools must not make them fit better."""
    foreign = "Compose a sonnet"
    longer = foreign + " about autumn leaves, quiet rivers, distant mountains, lost letters and a garden in the rain"
    assert prepared(longer).covered < 0.3


def test_a_value_left_out_is_the_one_asked_for():
    given_all, without = prepared("Refund order 1042, 35.50 euros"), prepared("Refund order 1042")
    assert given_all.given > 0.7
    assert {one.name: one.supplied > 0.6 for one in without.required} == {"order_id": True, "amount": False}
    assert [one.field for one in assessed("Refund order 1042").questions] == ["amount"]


def test_the_context_supplies_values_also_nested_and_in_other_spelling():
    facts = prepared("Refund the vase", context={"orderId": "1042", "payment": {"amount": 35.5}})
    assert all(one.supplied > 0.9 for one in facts.required)
    assert facts.context_fields == 2


def test_what_the_context_names_is_not_left_open_by_the_goal():
    goal = "Cancel a specific order"
    alone, beside = prepared(goal), prepared(goal, context={"order_id": "1055"})
    assert alone.left_open == ("a specific order",)
    assert beside.left_open == ()
    assert beside.given > 0.7 > 0.3 > alone.given


def test_empty_context_values_supply_nothing():
    facts = prepared("Refund the vase", context={"order_id": "", "amount": None})
    assert all(one.supplied < 0.6 for one in facts.required)


def test_earlier_messages_supply_less_than_the_goal():
    here = prepared("Cancel order 1055").required[0].supplied
    earlier = prepared("Cancel it please", history=["My order is 1055"]).required[0].supplied
    nowhere = prepared("Cancel it please").required[0].supplied
    assert here > earlier > nowhere


def test_one_value_fills_one_parameter_only():
    twice = tool("move", "Move an amount between accounts.", from_account=ORDER, to_account=ORDER)
    facts = prepared("Move it from account 4711", tools=[twice])
    assert sum(one.supplied > 0.6 for one in facts.required) == 1


def test_a_thing_left_open_is_not_supplied():
    search = tool("find_term", "Find a term in a document.", term={"type": "string", "description": "Term to find"})
    given_term = prepared("Find the term 'deposit' in the document", tools=[search]).required[0].supplied
    left_open = prepared("Find a specific term in the document", tools=[search]).required[0].supplied
    assert given_term > 0.8
    assert left_open < 0.5


def test_an_option_named_in_the_goal_is_supplied():
    size = {"type": "string", "enum": ["small", "large"]}
    pizza = tool("order_pizza", "Order a pizza.", size=size)
    found = prepared("Order a large pizza", tools=[pizza]).required[0]
    assert (found.kind, found.options) == (Kind.CHOICE, ("small", "large"))
    assert found.supplied > 0.9


def test_several_asks_are_each_given_their_tool():
    facts = prepared("Cancel order 1055 and then email anna@example.com that the money is on its way")
    assert [ask.tool for ask in facts.asks] == ["cancel_order", "send_email"]
    assert {one.tool for one in facts.required} == {"cancel_order", "send_email"}


@pytest.mark.parametrize("goal", ["do it", "Make it better", "asdf qwer zxcv", "?!?!", "hjkl"])
def test_what_says_nothing_is_asked_about_not_rejected(goal):
    found = assessed(goal)
    assert found.verdict.path is Path.CLARIFY
    assert found.questions[0].field == "restated_goal"


def test_a_restated_goal_is_read_instead_and_details_are_added():
    restated = prepared("do it", context={"restated_goal": "Cancel order 1055"})
    assert restated.tools[0].name == "cancel_order"
    assert restated.context_fields == 0
    assert restated.history_turns == 1
    detailed = prepared("Refund order 1042", context={"goal_details": "the amount is 35.50 euros"})
    assert all(one.supplied > 0.6 for one in detailed.required)


def test_no_tools_offered_is_told_apart_from_no_tool_fitting():
    facts = prepared("Refund order 1042", tools=[])
    assert facts.tools == ()
    assert facts.required == ()
    assert status("Refund order 1042", Check.TOOLS_AVAILABLE, tools=[]) is Status.PASS


def test_scope_is_what_the_agent_says_it_is_for():
    scope = ["Answers customers of a furniture shop about orders, deliveries, refunds and returns."]
    assert status("Where is my delivery?", Check.IN_SCOPE, tools=[], scope=scope) is Status.PASS
    assert status("Explain how photosynthesis works", Check.IN_SCOPE, tools=[], scope=scope) is not Status.PASS


def test_a_passed_deadline_is_a_contradiction():
    before = datetime(2026, 11, 20, tzinfo=UTC)
    assert status("Cancel order 1055", Check.NO_CONTRADICTION, deadline=before) is Status.FAIL
    assert status("Cancel order 1055", Check.NO_CONTRADICTION, deadline=datetime(2027, 1, 1, tzinfo=UTC)) is Status.PASS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["type", "function", "name", "description", "parameters", "properties", "required", "enum"])
odd_parts = json_values | st.dictionaries(keys, json_values | st.dictionaries(keys, json_values))
odd_tools = st.lists(st.dictionaries(keys, odd_parts), max_size=3)


@settings(deadline=None, max_examples=150)
@given(
    st.text(max_size=200), odd_tools, st.dictionaries(st.text(max_size=8), json_values, max_size=3), st.lists(st.text())
)
def test_nothing_raises_whatever_is_sent(goal, tools, context, history):
    facts = prepared(goal, tools=tools, context=context, history=history)
    found = assess(facts, thresholds=Thresholds(), switches=Switches())
    assert 0.0 <= found.confidence.value <= 1.0
    assert all(0.0 <= one.supplied <= 1.0 for one in facts.required)
    assert all(0.0 <= one.fit <= 1.0 for one in facts.tools)
    assert 0.0 <= facts.covered <= 1.0
    assert 0.0 <= facts.given <= 1.0


def test_the_same_goal_is_judged_the_same_again():
    assert prepared("Refund order 1042, 35.50 euros") == prepared("Refund order 1042, 35.50 euros")
