"""What a goal asks for against what tools do, feature by feature."""

from typing import Any

import numpy as np
import pytest

from apps.goals.actions import ASKING, kinds_of, kinds_of_tool
from apps.goals.asks import DIRECT, PASSING, asks_in
from apps.goals.coverage import contrast
from apps.goals.descriptions import own_descriptions
from apps.goals.evidence import evidence_of
from apps.goals.heads import SHIPPED
from apps.goals.meaning import MAX_READ, ask_vectors
from apps.goals.preparing import read_goal
from apps.goals.reading import stem, words_of
from apps.goals.values import values_of
from apps.llm.embedding import get_embedder
from tests.goals.test_facts import NOW, SHOP, tool


def read(goal: str, tools: list[dict[str, Any]] | None = None) -> Any:
    return read_goal(goal=goal, tools=SHOP if tools is None else tools, embedder=get_embedder(), now=NOW)


def said(text: str) -> list[tuple[str, float]]:
    asks = asks_in(text, words_of(text), values_of(text))
    return [(text[ask.start : ask.end].strip(), ask.weight) for ask in asks]


def test_verbs_of_one_kind_can_stand_for_each_other():
    assert kinds_of(stem("relay")) & kinds_of(stem("send"))
    assert not kinds_of(stem("add")) & kinds_of(stem("get"))
    assert kinds_of(stem("vase")) == frozenset()


def test_a_tool_without_a_verb_in_its_name_does_what_its_description_begins_with():
    named, doing = kinds_of_tool(("watchlist",), "Adds a stock to the watchlist")
    assert named == doing
    assert "create" in named


def test_an_ask_begins_at_the_verb_that_leads_it():
    assert said("I moved house. Please cancel order 1055 and refund order 1042.") == [
        ("cancel order 1055 and", DIRECT),
        ("refund order 1042.", DIRECT),
    ]


def test_what_is_said_in_passing_weighs_less():
    assert [weight for _, weight in said("Start by checking the stock, then order more mugs")] == [PASSING, DIRECT]


def test_a_passive_ask_holds_what_is_acted_on():
    assert said("Hello. I want the vase to be added to the list.") == [
        ("I want the vase to be added to the list.", PASSING)
    ]


def test_a_question_is_an_ask():
    text = "Where is my parcel?"
    (ask,) = asks_in(text, words_of(text), values_of(text))
    assert ask.kinds == ASKING


def test_what_tools_of_a_family_share_is_no_part_of_what_one_does():
    family = "This tool belongs to the car. It controls the car in many ways."
    own = own_descriptions([f"{family} Note: Starts the engine.", f"{family} Note: Locks the doors.", "Sends a mail."])
    assert own == ["Starts the engine.", "Locks the doors.", "Sends a mail."]
    assert own_descriptions([family, family])[0] == "It controls the car in many ways."
    assert own_descriptions([]) == []


@pytest.mark.parametrize(
    ("names", "below"), [(["get_list", "remove_from_list"], True), (["get_list", "add_to_list"], False)]
)
def test_tools_that_do_something_else_to_the_same_thing_speak_against(names, below):
    offered = [tool(name, f"{name.replace('_', ' ').capitalize()}.") for name in names]
    matches = read("Please add the vase to the list", offered).matches
    assert (contrast(matches) < 0.0) is below


def test_taking_the_needed_tool_away_lowers_every_feature_it_raised():
    goal = "Cancel order 1055 and email anna@example.com that the money is on its way"
    whole = evidence_of(read(goal), SHIPPED.match).coverage
    mail = next(one for one in SHOP if one["function"]["name"] == "send_email")
    less = evidence_of(read(goal, [one for one in SHOP if one is not mail]), SHIPPED.match).coverage
    assert less["weakest"] < whole["weakest"]
    assert less["mean"] < whole["mean"]
    assert all(less[name] <= whole[name] + 1e-9 for name in ("whole", "weakest", "mean"))


def test_a_long_goal_is_read_for_meaning_where_it_asks():
    background = "The shop has been open for years and the street is quiet in winter. " * 20
    text = f"{background}Please cancel order 1055."
    asks = asks_in(text, words_of(text), values_of(text))
    rows = ask_vectors(text, asks, get_embedder())
    assert len(text) > MAX_READ
    alone = get_embedder().embed(["cancel order 1055"])[0]
    assert float(rows[-2] @ alone) > 0.6
    assert np.allclose(np.linalg.norm(rows[-1]), 1.0, atol=1e-3)


def test_an_empty_text_has_a_row_of_zeros():
    assert not ask_vectors("", (), get_embedder()).any()
