"""Counting tokens: by a vocabulary that lies here, or by an estimate that learns; never by a download."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.llm import tokens
from apps.llm.asking import ask
from apps.llm.estimating import estimate
from apps.llm.models import Provider, TokenRate
from apps.llm.tokens import count_tokens, note_actual
from tests.llm.providers import Provider as Server

pytestmark = pytest.mark.django_db

TEXT = "Where is my order 4711? It was promised for Friday, and nobody answers the telephone. " * 4


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch: Any) -> None:
    tokens._encoding.cache_clear()

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("something was fetched")

    monkeypatch.setattr("requests.sessions.Session.request", refuse)


@pytest.mark.parametrize("model", ["", "gpt-4o", "gpt-4", "openai/gpt-4o-mini", "house-model", "o1", "\x00"])
def test_without_a_vocabulary_it_is_estimated(model: str) -> None:
    counted = count_tokens(TEXT, model)
    assert (counted.tokens, counted.exact, counted.error) == (estimate(TEXT), False, None)
    assert int(counted) == counted.tokens


@pytest.mark.parametrize("content", [None, b"", b"broken"])
def test_a_vocabulary_that_is_missing_or_broken_is_not_fetched(tmp_path: Any, monkeypatch: Any, content: Any) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    if content is not None:
        url = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
        (tmp_path / hashlib.sha1(url.encode()).hexdigest()).write_bytes(content)
    assert not count_tokens(TEXT, "gpt-4o").exact
    assert (list(tmp_path.iterdir()) == []) == (content is None)


def test_a_vocabulary_that_lies_here_counts_exactly(tmp_path: Any, monkeypatch: Any) -> None:
    """With a vocabulary of single bytes in place of the real one, which cannot be had here."""
    import base64

    import tiktoken.registry

    body = b"".join(base64.b64encode(bytes([n])) + b" %d\n" % n for n in range(256))
    url = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
    (tmp_path / hashlib.sha1(url.encode()).hexdigest()).write_bytes(body)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setitem(tokens._DIGESTS, "o200k_base", hashlib.sha256(body).hexdigest())
    monkeypatch.setattr("tiktoken.load.check_hash", lambda data, digest: True)
    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    try:
        counted = count_tokens("Hello \ud800<|endoftext|>", "gpt-4o")
        assert (counted.tokens, counted.exact) == (20, True)
        assert not count_tokens("a" * 300_000, "gpt-4o").exact
    finally:
        tokens._encoding.cache_clear()


def test_the_estimate_learns_what_a_model_really_counts() -> None:
    raw = estimate(TEXT)
    for _ in range(6):
        tokens._flush_at.clear()
        note_actual("house-model", raw, raw * 2)
    counted = count_tokens(TEXT, "house-model")
    assert counted.tokens == pytest.approx(raw * 2, rel=0.01)
    assert counted.error is not None
    assert counted.error < 0.5
    assert count_tokens(TEXT, "other-model").tokens == raw


def test_what_is_learned_is_written_now_and_then_only() -> None:
    for _ in range(50):
        note_actual("house-model", 100, 130)
    assert TokenRate.objects.get().weight == 1
    tokens._flush_at.clear()
    note_actual("house-model", 100, 130)
    row = TokenRate.objects.get()
    assert row.actual / row.estimated == pytest.approx(1.3)
    assert row.weight > 10


def test_a_model_that_counts_nonsense_is_not_believed() -> None:
    for _ in range(6):
        tokens._flush_at.clear()
        note_actual("house-model", 100, 1_000_000)
    assert count_tokens(TEXT, "house-model").tokens == estimate(TEXT) * 3


def test_too_little_is_not_believed_either() -> None:
    note_actual("house-model", 100, 200)
    assert count_tokens(TEXT, "house-model").tokens == estimate(TEXT)


def test_each_answer_teaches(shop: Business, server: Server, make_provider: Callable[..., Provider]) -> None:
    make_provider(server)
    for _ in range(4):
        tokens._flush_at.clear()
        raw = estimate(TEXT) + 4 * 2
        server.usage = {"prompt_tokens": round(raw * 1.5), "completion_tokens": 3}
        ask(business_id=shop.pk, purpose="t", system="", user=TEXT, timeout=3)
    assert count_tokens(TEXT, "house-model").tokens == pytest.approx(estimate(TEXT) * 1.5, rel=0.02)


def test_counting_costs_no_query_when_warm(django_assert_num_queries: Any) -> None:
    count_tokens(TEXT, "house-model")
    with django_assert_num_queries(0):
        count_tokens(TEXT, "house-model")
