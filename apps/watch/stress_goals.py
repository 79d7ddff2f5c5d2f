"""RULE: goals made up to try the gate: a fixed mix of clear, middling, vague and deliberately broken ones.

The same number and seed give the same goals. Each carries the mark of a trial (apps/goals/marks.py) in its context.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from apps.goals.marks import TRIAL


class Sort(StrEnum):
    """What a goal was made to be."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    EMPTY = "empty"
    GIBBERISH = "gibberish"
    MISSING_TOOL = "missing_tool"
    MISSING_PARAMETER = "missing_parameter"
    CONTRADICTION = "contradiction"
    PAST_DEADLINE = "past_deadline"


INJECTED = (
    *(Sort.EMPTY, Sort.GIBBERISH, Sort.MISSING_TOOL, Sort.MISSING_PARAMETER),
    *(Sort.CONTRADICTION, Sort.PAST_DEADLINE),
)
SHARES: Mapping[Sort, float] = MappingProxyType({Sort.HIGH: 0.30, Sort.MEDIUM: 0.25, Sort.LOW: 0.20})
SEED = 20


@dataclass(frozen=True, slots=True)
class StressGoal:
    """`body` is what POST /v1/goals takes."""

    sort: Sort
    body: dict[str, Any]

    @property
    def injected(self) -> bool:
        return self.sort in INJECTED


def stress_goals(number: int, *, seed: int = SEED) -> list[StressGoal]:
    """So many goals, shuffled: 30 % high, 25 % medium, 20 % low, the rest broken in six ways in turn."""
    chance = random.Random(seed)  # noqa: S311 made up on purpose, no secret
    sorts = [sort for sort, share in SHARES.items() for _ in range(round(number * share))][:number]
    sorts += [INJECTED[place % len(INJECTED)] for place in range(number - len(sorts))]
    chance.shuffle(sorts)
    return [StressGoal(sort, _MAKERS[sort](chance) | {"context": {TRIAL: True}}) for sort in sorts]


def _tool(name: str, description: str, **parameters: tuple[str, str]) -> dict[str, Any]:
    """Every parameter (type, description) is required."""
    properties = {key: {"type": type_, "description": words} for key, (type_, words) in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


TOOLS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "lend_book": _tool(
            "lend_book",
            "Lend a book of the library to a member",
            isbn=("string", "ISBN of the book, such as 978-0-14-044913-6"),
            member_id=("string", "Number of the member, such as M-3301"),
        ),
        "extend_loan": _tool(
            "extend_loan",
            "Extend a loan until a later day",
            loan_id=("string", "Number of the loan, such as L-20417"),
            until=("string", "The new last day, as YYYY-MM-DD"),
        ),
        "reserve_room": _tool(
            "reserve_room",
            "Reserve a reading room of the library for an hour",
            room=("string", "Name of the room, such as Birch"),
            day=("string", "Day as YYYY-MM-DD"),
            hour=("integer", "Hour of the day, 8 to 20"),
        ),
        "charge_fee": _tool(
            "charge_fee",
            "Charge a member a fee for a late or damaged book",
            member_id=("string", "Number of the member, such as M-3301"),
            amount=("number", "Amount in euros"),
        ),
        "order_copies": _tool(
            "order_copies",
            "Order copies of a title from the bookseller",
            title=("string", "Title of the book"),
            copies=("integer", "Number of copies"),
        ),
    }
)
_TITLES = ("The Glass Orchard", "Winter Harbours", "A Field Guide to Lichens", "Nine Letters", "The Long Ledger")
_ROOMS = ("Birch", "Alder", "Rowan", "Hazel")


def _member(chance: random.Random) -> str:
    return f"M-{chance.randint(1000, 9999)}"


def _loan(chance: random.Random) -> str:
    return f"L-{chance.randint(10000, 99999)}"


def _isbn(chance: random.Random) -> str:
    return f"978-0-{chance.randint(10, 99)}-{chance.randint(100000, 999999)}-{chance.randint(0, 9)}"


def _day(chance: random.Random) -> str:
    return f"2031-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"


def _offered(chance: random.Random, *needed: str, most: int = 4, without: str = "") -> list[dict[str, Any]]:
    """The tools that are needed among others, in any order."""
    others = [name for name in TOOLS if name not in needed and name != without]
    names = [*needed, *chance.sample(others, min(len(others), chance.randint(0, max(0, most - len(needed)))))]
    chance.shuffle(names)
    return [TOOLS[name] for name in names]


def _high(chance: random.Random) -> dict[str, Any]:
    kind = chance.choice(list(TOOLS))
    words = {
        "lend_book": f"Lend the book with ISBN {_isbn(chance)} to member {_member(chance)}",
        "extend_loan": f"Extend loan {_loan(chance)} until {_day(chance)}",
        "reserve_room": f"Reserve room {chance.choice(_ROOMS)} on {_day(chance)} at {chance.randint(8, 20)} o'clock",
        "charge_fee": f"Charge member {_member(chance)} a fee of {chance.randint(2, 60)}.50 euros for the late book",
        "order_copies": f'Order {chance.randint(2, 30)} copies of the title "{chance.choice(_TITLES)}"',
    }
    return {"goal": words[kind], "tools": _offered(chance, kind)}


def _medium(chance: random.Random) -> dict[str, Any]:
    title, room = chance.choice(_TITLES), chance.choice(_ROOMS)
    goal, needed = chance.choice(
        [
            (f"Order some more copies of {title} if there is demand, about {chance.randint(3, 9)}", "order_copies"),
            (f"Extend {_loan(chance)} by a while, until {_day(chance)} or whatever suits the member", "extend_loan"),
            (f"Get {room} for the book club on {_day(chance)}, in the afternoon at 15", "reserve_room"),
            (
                f"{_member(chance)} brought {title} back damaged, deal with the fee of {chance.randint(5, 40)}",
                "charge_fee",
            ),
            (f"Give {_member(chance)} the copy {_isbn(chance)} and tell them when it is due", "lend_book"),
        ]
    )
    return {"goal": goal, "tools": _offered(chance, needed, most=5)}


def _low(chance: random.Random) -> dict[str, Any]:
    goal = chance.choice(
        [
            f"Do something about the {chance.choice(('loans', 'rooms', 'fees', 'members', 'orders'))}",
            f"Make the {chance.choice(('members', 'readers', 'visitors'))} happier somehow",
            f"Sort out that thing from {chance.choice(('Monday', 'last week', 'the meeting', 'yesterday'))}",
            f"Improve {chance.choice(_TITLES)} as usual",
            f"Handle it like {chance.choice(('before', 'always', 'the other one'))}, you know what I mean",
        ]
    )
    return {"goal": goal, "tools": _offered(chance, chance.choice(list(TOOLS)))}


def _empty(chance: random.Random) -> dict[str, Any]:
    return {"goal": chance.choice(("", " ", "\n\t ", "...", "?")), "tools": _offered(chance, "lend_book")}


def _gibberish(chance: random.Random) -> dict[str, Any]:
    words = [
        "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=chance.randint(3, 8))) for _ in range(chance.randint(3, 9))
    ]
    return {"goal": " ".join(words), "tools": _offered(chance, "extend_loan")}


def _missing_tool(chance: random.Random) -> dict[str, Any]:
    goal, without = chance.choice(
        [
            (f"Translate the catalogue entry of {chance.choice(_TITLES)} into Icelandic", ""),
            (f"Repaint the room {chance.choice(_ROOMS)} in pale green", "reserve_room"),
            (f"Book a train ticket to Ghent for the librarian on {_day(chance)}", "reserve_room"),
            (f"Restart the mail server {chance.choice(('east', 'west'))}-{chance.randint(1, 9)}", ""),
            ("Water the plants in the entrance hall", ""),
        ]
    )
    return {"goal": goal, "tools": _offered(chance, "charge_fee", most=3, without=without)}


def _missing_parameter(chance: random.Random) -> dict[str, Any]:
    goal, needed = chance.choice(
        [
            ("Extend the loan", "extend_loan"),
            (f"Charge a fee to member {_member(chance)}", "charge_fee"),
            (f"Order copies of {chance.choice(_TITLES)}", "order_copies"),
            ("Lend the book to the member at the desk", "lend_book"),
            (f"Reserve a room on {_day(chance)}", "reserve_room"),
        ]
    )
    return {"goal": goal, "tools": _offered(chance, needed, most=3)}


def _contradiction(chance: random.Random) -> dict[str, Any]:
    loan, member, room, day = _loan(chance), _member(chance), chance.choice(_ROOMS), _day(chance)
    goal, needed = chance.choice(
        [
            (f"Extend loan {loan} until {day} but do not extend loan {loan}", "extend_loan"),
            (f"Charge member {member} 12.00 euros and charge member {member} nothing at all", "charge_fee"),
            (f"Reserve {room} on {day} at 9 o'clock and never reserve {room} on {day}", "reserve_room"),
            (f"Order 5 copies of {_TITLES[0]}, and order exactly 0 copies of {_TITLES[0]}", "order_copies"),
        ]
    )
    return {"goal": goal, "tools": _offered(chance, needed, most=3)}


def _past_deadline(chance: random.Random) -> dict[str, Any]:
    clear = _high(chance)
    year = chance.randint(2011, 2023)
    if chance.random() < 0.5:
        return clear | {"deadline": f"{year}-05-{chance.randint(10, 28)}T12:00:00Z"}
    return clear | {"goal": f"{clear['goal']}, to be done by {chance.randint(1, 28)} March {year} at the latest"}


_MAKERS: Mapping[Sort, Callable[[random.Random], dict[str, Any]]] = MappingProxyType(
    {
        Sort.HIGH: _high,
        Sort.MEDIUM: _medium,
        Sort.LOW: _low,
        Sort.EMPTY: _empty,
        Sort.GIBBERISH: _gibberish,
        Sort.MISSING_TOOL: _missing_tool,
        Sort.MISSING_PARAMETER: _missing_parameter,
        Sort.CONTRADICTION: _contradiction,
        Sort.PAST_DEADLINE: _past_deadline,
    }
)


def bodies_of(goals: list[StressGoal]) -> Iterator[dict[str, Any]]:
    return (goal.body for goal in goals)
