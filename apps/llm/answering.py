"""A model provider asked for an answer that counts: what goes wrong is told, and what it cost.

Any OpenAI-compatible endpoint (LLM_BASE_URL). Beside it, judging.py asks for an opinion that may be missing.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

MAX_ANSWER_BYTES = 1024 * 1024
MAX_TOKENS = 4096  # of the answer
_MILLION = 1_000_000


class NoProvider(Exception):
    """Neither LLM_BASE_URL nor, for an agent without a model of its own, LLM_MODEL is set."""


class ModelFailed(Exception):
    """The provider gave no answer. status: what it answered, 0 when it did not. again: whether trying may help."""

    def __init__(self, words: str, *, again: bool, status: int = 0, timed_out: bool = False) -> None:
        super().__init__(words)
        self.again = again
        self.status = status
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Completion:
    """text: as the model wrote it, without a code fence. cost: USD, as told or by LLM_INPUT_PRICE; None if neither."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None


def complete(*, instructions: str, material: str, model: str = "", timeout: float) -> Completion:
    """One JSON answer of `model` (LLM_MODEL unless given). timeout: seconds for everything.

    Raises NoProvider, ModelFailed.
    """
    name = model or settings.LLM_MODEL
    if not settings.LLM_BASE_URL:
        raise NoProvider("No model provider is set up: LLM_BASE_URL is empty")
    if not name:
        raise NoProvider("No model is named, neither here nor as LLM_MODEL")
    import openai

    deadline = time.monotonic() + timeout
    try:
        body = _ask(name, instructions, material, deadline)
    except openai.APITimeoutError as error:
        raise _late(timeout) from error
    except openai.APIStatusError as error:
        again = error.status_code >= 500 or error.status_code in (408, 425, 429)
        words = f"The model provider answered {error.status_code}"
        raise ModelFailed(words, again=again, status=error.status_code) from error
    except openai.APIConnectionError as error:
        raise ModelFailed("The model provider could not be reached", again=True) from error
    except _Late:
        raise _late(timeout) from None
    return _understand(body)


class _Late(Exception):
    """The time was over while the answer came in."""


def _late(timeout: float) -> ModelFailed:
    return ModelFailed(f"The model provider did not answer within {timeout:g} s", again=True, timed_out=True)


def _ask(model: str, instructions: str, material: str, deadline: float) -> bytes:
    from openai import OpenAI

    left = max(0.001, deadline - time.monotonic())
    with (
        OpenAI(
            base_url=settings.LLM_BASE_URL, api_key=settings.LLM_API_KEY or "none", timeout=left, max_retries=0
        ) as provider,
        provider.chat.completions.with_streaming_response.create(
            model=model,
            messages=[{"role": "system", "content": instructions}, {"role": "user", "content": material}],
            response_format={"type": "json_object"},
            max_tokens=MAX_TOKENS,
        ) as response,
    ):
        return _taken(response.iter_bytes(), deadline)


def _taken(chunks: Iterator[bytes], deadline: float) -> bytes:
    """The whole answer. The library's timeout is that of a single read, so drops of bytes would hold us."""
    body = bytearray()
    try:
        for chunk in chunks:
            body += chunk
            if time.monotonic() > deadline:
                raise _Late
            if len(body) > MAX_ANSWER_BYTES:
                words = f"The model provider's answer is larger than {MAX_ANSWER_BYTES} bytes"
                raise ModelFailed(words, again=False, status=200)
    except (_Late, ModelFailed):
        raise
    except Exception as error:  # of the HTTP library below, which is not ours to name
        if time.monotonic() >= deadline:
            raise _Late from error
        raise ModelFailed(f"The model provider's answer broke off: {type(error).__name__}", again=True) from error
    return bytes(body)


def _understand(body: bytes) -> Completion:
    try:
        told = json.loads(body)
        text = told["choices"][0]["message"]["content"] or ""
        used = told.get("usage") or {}
        tokens_in, tokens_out = (_count(used.get(name)) for name in ("prompt_tokens", "completion_tokens"))
        return Completion(_without_fence(text), tokens_in, tokens_out, _cost(used.get("cost"), tokens_in, tokens_out))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        words = "The model provider's answer has another form than expected"
        raise ModelFailed(words, again=False, status=200) from error


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MILLION * 10 else 0


def _cost(told: Any, tokens_in: int, tokens_out: int) -> Decimal | None:
    if isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told < _MILLION:
        return Decimal(str(told)).quantize(Decimal("0.000001"))
    usd = (tokens_in * settings.LLM_INPUT_PRICE + tokens_out * settings.LLM_OUTPUT_PRICE) / _MILLION
    return Decimal(str(usd)).quantize(Decimal("0.000001")) if usd else None


def _without_fence(text: str) -> str:
    inner = text.strip()
    if inner.startswith("```") and inner.endswith("```") and "\n" in inner:
        return inner.split("\n", 1)[1][:-3].strip()
    return inner
