"""An answer passed on while it comes in: pieces, then all of it; what breaks off, and who leaves."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.core import breaking
from apps.llm.models import Provider, Usage
from apps.llm.responses import NO_PROVIDER, LLMResponse, Piece, Why
from apps.llm.streaming import ask_streaming
from tests.llm.providers import Provider as Server

pytestmark = pytest.mark.django_db

Make = Callable[..., Provider]


def stream(shop: Business, **wanted: Any) -> Any:
    given: dict[str, Any] = {"purpose": "test", "system": "", "user": "Where is my parcel?", "timeout": 3.0}
    return ask_streaming(business_id=shop.pk, **(given | wanted))


def all_of(pieces: Any) -> tuple[list[str], LLMResponse]:
    *texts, last = list(pieces)
    assert all(isinstance(one, Piece) for one in texts)
    assert isinstance(last, LLMResponse)
    return [one.text for one in texts], last


def test_the_pieces_come_and_then_the_whole(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    server.reply = lambda asked: "Dear customer, it is on its way."
    texts, last = all_of(stream(shop))
    assert len(texts) == 4
    assert "".join(texts) == last.text == "Dear customer, it is on its way."
    assert (last.tokens_in, last.tokens_out, last.finish_reason, last.error) == (12, 5, "stop", "")
    row = Usage.objects.get()
    assert row.first_ms is not None
    assert (row.tokens_in, row.estimated) == (12, False)


def test_without_a_count_the_tokens_are_estimated(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    server.usage = None
    _, last = all_of(stream(shop))
    assert last.ok
    row = Usage.objects.get()
    assert row.estimated
    assert row.tokens_in > 0
    assert row.tokens_out > 0


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("drop_stream", Why.BROKEN_OFF),
        ("garbage_stream", Why.BROKEN_OFF),
        ("error_stream", Why.BROKEN_OFF),
        ("unended_stream", Why.BROKEN_OFF),
        ("hang_stream", Why.TIMEOUT),
        ("drip_stream", Why.TIMEOUT),
        ("endless_stream", Why.TOO_LARGE),
    ],
)
def test_a_stream_that_ends_badly_tells_and_is_noted(
    shop: Business, server: Server, spare: Server, make_provider: Make, mode: str, why: Why
) -> None:
    provider = make_provider(server)
    make_provider(spare)
    server.mode = mode
    start = time.monotonic()
    texts, last = all_of(stream(shop, timeout=0.8))
    assert time.monotonic() - start < 3
    assert texts, "something had come"
    assert last.why is why, last.error
    assert last.text == "".join(texts)
    assert spare.received == [], "nobody can continue another's sentence"
    row = Usage.objects.get()
    assert (row.why, row.estimated) == (why, True)
    assert row.tokens_out > 0, "what came is paid for"
    assert breaking.standing(provider.pk).failures == 1


@pytest.mark.parametrize("mode", ["500", "401", "reset", "hang", "not_json"])
def test_before_the_first_piece_the_next_is_asked(
    shop: Business, server: Server, spare: Server, make_provider: Make, mode: str
) -> None:
    make_provider(server)
    second = make_provider(spare)
    server.mode = mode
    texts, last = all_of(stream(shop, timeout=1.5))
    assert ("".join(texts), last.provider) == ("Good day", second.name)
    assert Usage.objects.count() == 2


def test_before_the_first_piece_it_is_tried_again(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server, retries=2)
    server.queue, server.headers = ["503", "429"], {"Retry-After": "0"}
    texts, last = all_of(stream(shop))
    assert "".join(texts) == "Good day"
    assert [one.why for one in last.attempts] == [Why.STATUS, Why.STATUS, Why.NONE]
    server.queue = ["drop_stream"]
    assert all_of(stream(shop))[1].why is Why.BROKEN_OFF, "after it, never"
    assert Usage.objects.count() == 4


def test_until_the_first_piece_its_own_timeout_holds(
    shop: Business, server: Server, spare: Server, make_provider: Make
) -> None:
    make_provider(server, timeout_seconds=1, retries=0)
    second = make_provider(spare)
    server.mode = "hang"
    begun = time.monotonic()
    assert all_of(stream(shop, timeout=20))[1].provider == second.name
    assert time.monotonic() - begun < 3


def test_a_count_that_comes_in_every_chunk_is_taken_once(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)

    def event(**told: Any) -> bytes:
        return b"data: " + json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1, **told}).encode()

    piece = {"index": 0, "delta": {"content": "Dear you"}, "finish_reason": None}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    server.reply = lambda asked: b"\n\n".join(
        [
            event(model="m", choices=[piece], usage={"prompt_tokens": 9, "completion_tokens": 1, "cost": 0.001}),
            event(model="m", choices=[end], usage={"prompt_tokens": 9, "completion_tokens": 4, "cost": 0.002}),
            event(model="m", choices=[], usage={"total_time": 1.5}),
            b"data: [DONE]\n\n",
        ]
    )
    _, last = all_of(stream(shop))
    assert (last.tokens_in, last.tokens_out, last.cost) == (9, 4, Decimal("0.002"))


def test_who_leaves_ends_the_request_and_it_is_noted(shop: Business, server: Server, make_provider: Make) -> None:
    provider = make_provider(server)
    server.mode = "drip_stream"
    pieces = stream(shop, timeout=20)
    assert next(pieces).text == "more "
    pieces.close()
    row = Usage.objects.get()
    assert (row.why, row.estimated, row.tokens_out > 0) == (Why.LEFT, True, True)
    assert breaking.standing(provider.pk).failures == 0
    server.released.wait(0.3)
    assert server.in_flight == 0, "the connection was closed"


def test_two_streams_at_once_do_not_mix(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    server.reply = lambda asked: asked["messages"][-1]["content"] * 4
    one, other = stream(shop, user="aaaa"), stream(shop, user="bbbb")
    got: dict[str, list[Any]] = {"a": [], "b": []}
    for left, right in zip(one, other, strict=True):
        got["a"].append(left)
        got["b"].append(right)
    assert (got["a"][-1].text, got["b"][-1].text) == ("a" * 16, "b" * 16)


def test_a_field_the_provider_refuses_is_left_out(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    server.refuses = ("stream_options",)
    _, last = all_of(stream(shop))
    assert last.ok
    assert "stream_options" not in server.asked[-1]


def test_json_is_read_at_the_end(shop: Business, server: Server, make_provider: Make) -> None:
    make_provider(server)
    server.reply = lambda asked: {"body": "Dear you"}
    _, last = all_of(stream(shop, schema={"type": "object", "required": ["body"]}))
    assert last.data == {"body": "Dear you"}


def test_without_a_provider_it_says_so(shop: Business) -> None:
    assert all_of(stream(shop))[1].error == NO_PROVIDER
