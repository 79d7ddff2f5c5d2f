"""Goals to load the product with: a few of each verdict, and as many as wanted that nobody has seen before."""

import random
from collections.abc import Callable, Iterator
from typing import Any

Body = dict[str, Any]

_SYLLABLES = [
    "ka",
    "lo",
    "mi",
    "ra",
    "ten",
    "sol",
    "ver",
    "din",
    "bar",
    "qua",
    "ner",
    "fi",
    "go",
    "hal",
    "um",
    "pre",
    "sta",
    "ti",
    "cor",
    "vel",
    "mar",
    "nop",
    "ut",
    "zen",
    "dra",
    "bel",
]
_THINGS = [
    "oak table",
    "linen cushion",
    "floor lamp",
    "enamel teapot",
    "wool blanket",
    "pine shelf",
    "glass vase",
    "garden chair",
]


def _tool(name: str, description: str, **parameters: str) -> Body:
    properties = {key: {"type": "string", "description": text} for key, text in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def tools(word: str = "order") -> list[Body]:
    """Five tools of a shop; `word` makes them tools that were not offered before."""
    return [
        _tool(f"find_{word}", f"Look up an {word}: its items, amounts and state", order_id=f"Number of the {word}"),
        _tool(
            f"refund_{word}",
            f"Refund an {word} to the card it was paid with",
            order_id=f"Number of the {word}, such as HP-2041",
            amount="Amount to refund in euros",
        ),
        _tool(f"cancel_{word}", f"Cancel an {word} that was not shipped yet", order_id=f"Number of the {word}"),
        _tool("track_parcel", "Tell where a parcel is", tracking_number="The carrier's tracking number"),
        _tool("change_price", "Change the price of an article", article="Name of the article", price="New price"),
    ]


def executed(pick: random.Random) -> Body:
    order, amount = f"HP-{pick.randrange(10_000, 99_999)}", round(pick.uniform(5, 90), 2)
    thing = pick.choice(_THINGS)
    return {
        "goal": f"Refund {amount} euros for order {order} to the card it was paid with because the {thing} broke",
        "context": {"order_id": order, "amount": str(amount)},
        "confidence": 0.95,
    }


def approved(pick: random.Random) -> Body:
    order = f"HP-{pick.randrange(10_000, 99_999)}"
    return {"goal": f"Look into order {order}, the {pick.choice(_THINGS)}", "context": {"order_id": order}}


def clarified(pick: random.Random) -> Body:
    return {"goal": f"Please refund my order of the {pick.choice(_THINGS)}", "context": {"mood": word(pick)}}


def rejected(pick: random.Random) -> Body:
    return {"goal": f"Compose a string quartet in the manner of {word(pick).title()} and perform it"}


KINDS: dict[str, Callable[[random.Random], Body]] = {
    "executed": executed,
    "approved": approved,
    "clarification": clarified,
    "rejected": rejected,
}


def word(pick: random.Random) -> str:
    """A word that is in no vocabulary."""
    return "".join(pick.choices(_SYLLABLES, k=4))


def few(kind: str | None = None, count: int = 40) -> list[Body]:
    """The same `count` goals every time, of one kind or of all in turn."""
    pick = random.Random(7)
    kinds = [kind] if kind else list(KINDS)
    return [{**KINDS[kinds[number % len(kinds)]](pick), "tools": tools()} for number in range(count)]


def fresh(*, new_tools: bool = False, seed: int | None = None) -> Iterator[Body]:
    """Goals of all kinds in turn, each with words nobody has seen; with `new_tools`, its tools too."""
    pick = random.Random(seed)
    kinds = list(KINDS)
    number = 0
    while True:
        body = KINDS[kinds[number % len(kinds)]](pick)
        extra = f" for {word(pick).title()} {word(pick).title()}, {word(pick)} {pick.randrange(10**6)}"
        yield {**body, "goal": body["goal"] + extra, "tools": tools(word(pick) if new_tools else "order")}
        number += 1
