"""The reply that is written without a model."""

import pytest

from apps.drafts.prompting import Materials
from apps.drafts.states import TOOL_REQUIRED, Intent, MadeBy
from apps.drafts.template import write_reply

ORDER = {"order_id": "HP-2041", "status": "shipped", "items": [{"name": "Oak table", "quantity": 2}], "gift": False}


def materials(**more: object) -> Materials:
    return Materials(business="Harbour & Pine", subject="", message="Where is it?", customer="Ada Lane", **more)  # type: ignore[arg-type]


def test_it_tells_what_the_tools_said() -> None:
    written = write_reply(Intent.ORDER, materials(tools=[("find_order", ORDER)]))
    assert written.made_by is MadeBy.TEMPLATE
    assert written.body.startswith("Hello Ada,")
    for line in ("- Order id: HP-2041", "- Status: shipped", "Oak table", "quantity: 2".capitalize(), "- Gift: no"):
        assert line.lower() in written.body.lower()


@pytest.mark.parametrize("intent", sorted(TOOL_REQUIRED))
@pytest.mark.parametrize("tools", [(), [("find_order", None)], [("find_order", {})], [("find_order", {"a": ""})]])
def test_without_data_it_asks_and_states_nothing(intent: Intent, tools: object) -> None:
    written = write_reply(intent, materials(tools=tools, replies=[("q", "It was sent on Monday.")]))
    assert written.made_by is MadeBy.VERIFICATION
    assert "could you please send us" in written.body
    assert not any(character.isdigit() for character in written.body)
    assert "Monday" not in written.body


def test_of_a_past_reply_only_what_is_about_nobody_is_taken() -> None:
    reply = "Hello Tom, we looked into it together. It was shipped on Monday, HP-1. Please take care of it."
    body = write_reply(Intent.GENERAL, materials(replies=[("q", reply)])).body
    assert "Please take care of it." in body
    assert "HP-1" not in body and "Tom" not in body and "Monday" not in body


def test_a_snippet_stands_as_it_is() -> None:
    body = write_reply(Intent.GENERAL, materials(snippets=[("Delivery", "We deliver within 2 to 4 days.")])).body
    assert "We deliver within 2 to 4 days." in body


def test_a_name_that_is_none_is_not_used() -> None:
    assert write_reply(
        Intent.GENERAL, Materials(business="H", subject="", message="", customer="<b>x</b> y")
    ).body.startswith("Hello,")
