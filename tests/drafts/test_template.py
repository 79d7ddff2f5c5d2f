"""The reply that is written without a model."""

import pytest

from apps.drafts.prompting import Materials
from apps.drafts.states import TOOL_REQUIRED, Intent, MadeBy
from apps.drafts.template import write_reply

ORDER = {"order_id": "HP-2041", "status": "shipped", "items": [{"name": "Oak table", "quantity": 2}], "gift": False}


def materials(**more: object) -> Materials:
    return Materials(business="Harbour & Pine", subject="", message="Where is it?", customer="Ada Lane", **more)  # type: ignore[arg-type]


def test_it_tells_an_order_in_sentences_and_what_it_does_not_know_in_lines() -> None:
    written = write_reply(Intent.ORDER, materials(tools=[("find_order", ORDER)]))
    assert written.made_by is MadeBy.TEMPLATE
    assert written.body.startswith(
        "Hello Ada,\n\nThank you for your message. Your order HP-2041 has been shipped. It is for 2 × Oak table.\n\n"
        "- Gift: no\n\n"
    )


PARCEL = {"tracking_number": "PN1", "carrier": "Nordpost", "status": "in transit", "expected_on": "2026-11-24"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"order": {"number": "A-7", "status": "paid"}}, "Your order A-7 has been paid."),
        ({"order_id": "A-7", "status": "on_hold"}, "Your order A-7 is on hold."),
        ({"order_id": "A-7", "status": "Stage 4"}, "Your order A-7 has the status “Stage 4”."),
        ({"order_id": "A-7", "total": "12 EUR", "placed_on": "2026-02-30"}, "It was placed on 2026-02-30 and comes to"),
        (PARCEL, "in transit (carrier Nordpost, tracking number PN1). It is expected on 24 November 2026."),
        (PARCEL | {"status": "delivered", "delivered_on": "2026-11-20"}, "It was delivered on 20 November 2026."),
        ({"order_id": "A-7", "items": [{"name": "Lamp", "colour": "red"}]}, "- Items: name: Lamp, colour: red"),
        ({"slots": ["10:00", "11:00"]}, "This is what we have on record:\n- Slots: 10:00, 11:00"),
    ],
)
def test_it_tells_a_result_as_a_person_would(data: object, said: str) -> None:
    assert said in write_reply(Intent.ORDER, materials(tools=[("tool", data)])).body


def test_a_wish_is_said_back_and_not_promised() -> None:
    asks = Materials("H", "Order", "Please cancel my order HP-2041.", "Ada", tools=[("find_order", ORDER)])
    body = write_reply(Intent.ORDER, asks).body
    assert "You asked us to cancel this order. Your order HP-2041 has been shipped." in body


def test_a_huge_result_is_told_in_part() -> None:
    huge = {f"field {n}": "x" * 100_000 for n in range(5_000)} | {"rows": [{"a": ["y" * 9_000] * 9_000}] * 900}
    assert len(write_reply(Intent.ORDER, materials(tools=[("tool", huge)])).body) < 4_000


@pytest.mark.parametrize(
    ("message", "hello", "asks"),
    [
        ("Wo ist mein Paket? Ich habe vor zwei Wochen bestellt, es ist nicht da.", "Guten Tag Ada,", "Bestellnummer"),
        ("Bonjour, je n'ai pas reçu mon colis, pouvez-vous me dire où il est ?", "Bonjour Ada,", "numéro de commande"),
        ("¿Dónde está mi pedido? Por favor, lo espero desde el lunes y no llega.", "Hola Ada,", "número de pedido"),
    ],
)
def test_it_answers_in_the_language_of_the_mail(message: str, hello: str, asks: str) -> None:
    body = write_reply(Intent.TRACKING, Materials("Harbour & Pine", "", message, "Ada Lane")).body
    assert body.startswith(hello) and asks in body


def test_it_asks_to_look_again_only_where_a_number_was_named() -> None:
    plain, named = (
        write_reply(Intent.ORDER, Materials("H", "", text, "Ada")).body
        for text in ("How is my order doing?", "How is my order HP-9999 doing?")
    )
    assert "check it once more" not in plain and "check it once more" in named


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
