import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.goals.contradictions.finding import contradictions_in
from apps.goals.reading import words_of
from apps.goals.supplied import flat_context
from tests.goals.pair_sets import contradictions, counted, half_of, kinds

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def found(goal: str, **context: str) -> list[str]:
    return [one.kind for one in contradictions_in(goal, flat_context(context), now=NOW)]


@pytest.mark.parametrize(
    "goal",
    [
        "Cancel order 1055 but do not cancel order 1055",
        "Send the newsletter to everyone. Never send the newsletter.",
        "Offer a discount of at least 30% and at most 20%",
        "Find a table under 50 euros and over 80 euros",
        "Block the room from 2026-12-10 to 2026-12-01",
        "Ship the order by 2020-01-01",
        "Enable the alarm and disable the alarm",
        "Cancel order 1055 but deliver order 1055",
        "Send it only to Ann and send it to Bob",
        "Take a vegan menu with chicken",
        "Meet me on Monday, 22 November 2026",
        "Book a room from 9 June to 5 June 2027",
        "Pay 20 euros to Ann without paying Ann anything",
        "Leave the settings of the router alone and change the settings of the router",
    ],
)
def test_what_excludes_itself_is_found(goal):
    assert found(goal)


@pytest.mark.parametrize(
    "goal",
    [
        "Cancel order 1055 and refund order 1042",
        "Open the ticket, add a note, then close the ticket",
        "Cancel order 1055 but do not refund the shipping",
        "Find a table for at least 4 people, at most 50 euros each",
        "Remove the old photo and add the new one",
        "Ship the order by 2026-12-24",
        "Block the room from 2026-12-01 to 2026-12-10",
        "Do not call, send an email instead",
        "Increase the price of the mug and decrease the price of the vase",
        "Book a flight from Berlin to Paris for 4 adults and 2 children",
        "Turn the heating on at 6 am and turn it off at 10 pm",
        "Move the meeting from 3 pm to 2 pm",
        "I can't open the file, please open it for me",
        "Sort the public and the private repositories by age",
        "Which orders were due before 1 March 2020?",
        "Night shift from 10 pm to 6 am",
        "Trip from 29 December 2026 to 3 January 2027",
    ],
)
def test_what_goes_together_is_left_alone(goal):
    assert found(goal) == []


def test_dates_of_the_context_are_held_against_each_other():
    assert found("Book the room", start_date="2026-12-10", end_date="2026-12-01")
    assert not found("Book the room", start_date="2026-12-01", end_date="2026-12-10")


def test_goal_and_context_naming_different_values_for_one_thing():
    assert found("Cancel order 1055", order_id="1042") == ["goal and context differ"]
    assert found("Cancel order 1042", order_id="1042") == []
    assert found("Compare order 1055 with order 1042", order_id="1042") == []
    assert found("Order 10 mugs", order_id="1042") == []
    assert found("Cancel order 1055", customer_id="1042") == []


def test_the_strongest_comes_first():
    all_found = contradictions_in("Ship by 2020-01-01, between 50 and 20, at least 9 and at most 3", [], now=NOW)
    strengths = [one.strength for one in all_found]
    assert strengths == sorted(strengths, reverse=True)
    assert len(strengths) >= 2


@pytest.mark.parametrize(
    ("goal", "kind"),
    [
        ("The training is at 9 am. The training starts at 2 pm.", "two values for one thing"),
        ("Deliver it for free and charge 5 euros for the delivery", "free and at a price"),
        ("Never email Ann. Send Ann an email.", "asked for and forbidden"),
        ("Lock the screen and unlock the screen", "opposite acts"),
        ("Make the repository public and private", "qualities that exclude each other"),
        ("A vegan menu with chicken", "a diet and what it leaves out"),
        ("Send it to nobody except everyone", "none and all"),
        ("Post it only on Facebook and post it on Instagram", "only one, and another"),
        ("Between 50 and 20 euros", "the range is empty"),
        ("Take 120 % of the shares", "more than the whole"),
        ("Split it: 70% to bonds and 40% to stocks", "the shares exceed the whole"),
        ("Delete 15 of the 10 photos", "more than there are"),
        ("With a budget of 60 pounds, book a room for 95 pounds", "more than the budget"),
        ("Set the alarm for 25:30", "no such time"),
        ("Remind me on 30 February", "no such day"),
        ("From 5 pm to 3 pm", "the end is before the start"),
        ("A 3-day trip from 1 May to 10 May 2027", "the time between is not as long as said"),
        ("Submit it no later than 12/31/2019", "the date has passed"),
        ("Book a train for last Sunday", "the date has passed"),
    ],
)
def test_each_kind_is_called_by_its_name(goal, kind):
    assert kind in found(goal)


def test_a_prohibition_of_an_earlier_turn_holds():
    def later(goal):
        return contradictions_in(goal, [], now=NOW, history=["Never restart the production database.", "Thanks"])

    assert [one.kind for one in later("Restart the production database")] == ["forbidden before, asked for now"]
    assert not later("Restart the test database")


def test_a_value_that_an_earlier_turn_corrected_holds_against_the_context():
    context = flat_context({"people": 4})
    goal = "Book a table for 6 people"
    assert contradictions_in(goal, context, now=NOW)
    assert not contradictions_in(goal, context, now=NOW, history=["Actually, make it 6 people"])


def test_the_deadline_given_beside_the_goal():
    past = datetime(2026, 11, 20, tzinfo=UTC)
    assert contradictions_in("Water the plants", [], now=NOW, deadline=past)[0].kind == "the deadline has passed"
    assert not contradictions_in("Water the plants", [], now=NOW, deadline=datetime(2026, 11, 22, tzinfo=UTC))


# What each kind is to reach on pairs it was made on and on pairs it was not; figures are in docs/quality.md.
LEAST = {
    "build": {"value": 0.7, "negation": 0.8, "antonym": 0.85, "attribute": 0.9, "impossible": 0.9, "past": 0.85},
    "held": {"value": 0.65, "negation": 0.75, "antonym": 0.75, "attribute": 0.85, "impossible": 0.95, "past": 0.95},
}


@pytest.mark.parametrize("half", ["build", "held"])
@pytest.mark.parametrize("kind", kinds())
def test_pairs_of_a_kind_are_told_apart(half, kind):
    pairs, hits, alarms = counted(half, kind)
    assert hits >= LEAST[half].get(kind, 0.9) * pairs
    assert alarms <= 1


@pytest.mark.parametrize("half", ["build", "held"])
def test_goals_that_only_look_like_contradictions_pass(half):
    rows = half_of("clean", half)
    assert sum(bool(contradictions(row, row["clean"])) for row in rows) <= 0.03 * len(rows)


def stems(text: str) -> Counter[str]:
    return Counter(word.stem for word in words_of(text) if word.content)


@pytest.mark.parametrize("row", half_of("contradictions", "build"), ids=lambda row: row["id"])
def test_the_reason_names_what_makes_the_difference(row):
    """What the contradictory goal has over the clean one is what excludes: so the reason must name a word of it (pairs
    whose clean goal only has words added tell nothing here)."""
    differing = stems(row["contradictory"]) - stems(row["clean"])
    for one in contradictions(row, row["contradictory"])[:1]:
        assert not differing or stems(f"{one.first} {one.second}") & differing


def test_what_is_quoted_stands_in_the_goal():
    for row in half_of("contradictions", "build"):
        text = " ".join([row["contradictory"], *row.get("history", ())]).lower()
        for one in contradictions(row, row["contradictory"]):
            assert one.first.lower() in text, row["id"]


REPEATED = """
, a|1 |5% |delete it and |not delete the file. |between 1 and |at least 5 at most 3 |a|by 3 March 2020 |from 5 pm |1:1:
budget of 5 euros pay 9 euros |a-|a.|'|public private |make sure |$1,|split 50% |last Monday |minimum of |deadline |un
least 1|arrive before |only Ann |without any |of the 5 |starting at 5:00 to |no |unread read |in 2020 |check-in |7 days,
"""
HOSTILE = [(piece * 8000)[:8000] for piece in REPEATED.strip().replace("\n", "|").split("|")]


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:12]) for text in HOSTILE])
def test_long_hostile_texts_take_no_more_than_their_length(text):
    """Four times the text may take four times as long, with room for noise; a runaway pattern takes sixteen times."""
    assert fastest(text[:8000]) < 10 * fastest(text[:2000])


def fastest(text: str) -> float:
    times = []
    for _ in range(4):
        began = time.process_time()
        contradictions_in(text, [], now=NOW)
        times.append(time.process_time() - began)
    return min(times)


PIECES_TEXT = """
not never only except 12/31/2019 5 pm 120% between and or from to \u20ac 30 euros 31 February 2024 cheapest delete
keep order the , . ; ? ! without any nobody vegan beef last Monday Berlin ann@b.c A-117 25:99 size unlocked read unread
3 days ago in 2020 check-in until free of charge 5 euros budget
"""
PIECES = st.sampled_from(PIECES_TEXT.split())


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map(" ".join)), st.text(max_size=40))
def test_nothing_raises_and_quotes_are_short(text, value):
    context = flat_context(
        {"start_date": value, "people": value, "express": "no", "end_date": "2026-01-01", "name": value}
    )
    for one in contradictions_in(text, context, now=NOW, history=[value, text]):
        assert 0.0 < one.strength <= 1.0
        assert one.kind
        assert one.first
        assert len(one.first) + len(one.second) <= 700


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")
def test_real_goals_are_hardly_ever_accused():
    goals = [json.loads(line) for file in sorted(DATA.glob("*.jsonl")) for line in file.read_text().splitlines()]
    day = datetime(2023, 1, 1, tzinfo=UTC)
    accused = [row["id"] for row in goals if contradictions_in(row["goal"], [], now=day)]
    assert len(accused) <= 0.01 * len(goals), accused
