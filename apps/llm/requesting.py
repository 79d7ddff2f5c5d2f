"""ACT: one request for a text to one provider, within its time and size; whatever happens is an Outcome."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from apps.core.sealing import CannotUnseal
from apps.llm.advising import about_refusal
from apps.llm.bodies import Wanted, body_of, refused_field, retry_after
from apps.llm.endpoints import Endpoint
from apps.llm.reading import Read, Unreadable, read_completion
from apps.llm.responses import About, Form, Tokens, Why
from apps.llm.structured import NotFitting, object_in

if TYPE_CHECKING:
    from apps.llm.guarded import Budget

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024  # of an answer
_TRY_LATER = (408, 425, 429)
# What says something about the other side rather than about this one request; its breaker counts these.
_COUNTED = frozenset({Why.TIMEOUT, Why.UNREACHABLE, Why.TOO_LARGE, Why.BAD_ANSWER, Why.BROKEN_OFF})


@dataclass(slots=True)
class Outcome:
    """How one request ended. again: whether it may help to ask this provider once more. wait: seconds it asked for.
    quirk: a field it refused, which the next request leaves out. about: of a failure, for whoever has to mend it."""

    why: Why = Why.NONE
    error: str = ""
    about: About = About.NOTHING
    again: bool = False
    status: int = 0
    wait: float | None = None
    quirk: str = ""
    text: str = ""
    data: dict[str, Any] | None = None
    model: str = ""
    finish_reason: str = ""
    tokens: Tokens | None = None
    cost: Decimal | None = None
    sent: bool = True
    took_ms: int = 0
    first_ms: int | None = None
    vectors: list[list[float]] | None = None

    @property
    def counts(self) -> bool:
        """Whether the breaker of the provider counts it as a failure."""
        return self.why in _COUNTED or (self.why is Why.STATUS and self.again and not self.quirk)

    @property
    def answered(self) -> bool:
        """Whether the provider is there, if only to refuse."""
        return self.status > 0 and not self.counts


@dataclass(slots=True)
class Quirks:
    """What each provider's models have refused, as far as this process has seen."""

    known: dict[tuple[UUID, str, str], frozenset[str]] = field(default_factory=dict)

    def of(self, endpoint: Endpoint, model: str) -> frozenset[str]:
        return self.known.get((endpoint.id, endpoint.base_url, model), frozenset())

    def note(self, endpoint: Endpoint, model: str, name: str) -> None:
        if len(self.known) > 1000:
            self.known.clear()
        self.known[endpoint.id, endpoint.base_url, model] = self.of(endpoint, model) | {name}


QUIRKS = Quirks()


def request_text(endpoint: Endpoint, *, wanted: Wanted, model: str, deadline: float) -> Outcome:
    """One request. deadline: by time.monotonic(). Raises nothing for what a provider does."""
    started = time.monotonic()
    outcome = Outcome()
    with failing_into(outcome, endpoint, deadline - started):
        body = prepared(endpoint, wanted, model)
        answer = _answer(endpoint, body, outcome, deadline)
        understand(outcome, read_completion(answer), wanted)
    outcome.took_ms = round((time.monotonic() - started) * 1000)
    return outcome


def prepared(endpoint: Endpoint, wanted: Wanted, model: str) -> dict[str, Any]:
    form = Form.OBJECT if wanted.json and wanted.schema is None else endpoint.form
    return {"model": model, **body_of(wanted, form=form, quirks=QUIRKS.of(endpoint, model))}


def understand(outcome: Outcome, read: Read, wanted: Wanted) -> None:
    """Fill in what the answer says, and what is wrong with it."""
    outcome.text, outcome.model, outcome.finish_reason = storable(read.text), read.model, read.finish_reason
    outcome.tokens, outcome.cost = read.tokens, read.cost
    if read.refusal and not read.text:
        fail(outcome, Why.EMPTY, "The model refused to answer", again=False)
    elif not read.text.strip() and not wanted.json:
        fail(outcome, Why.EMPTY, _why_empty(read), again=read.finish_reason != "length")
    elif wanted.schema is not None:
        try:
            outcome.data = object_in(outcome.text, wanted.schema)
        except NotFitting as error:
            cut = "; it was cut off at its longest" if read.finish_reason == "length" else ""
            fail(outcome, Why.SCHEMA, f"The model's answer {error}{cut}", again=True)


def _why_empty(read: Read) -> str:
    by = {"length": ": its tokens were used up before", "content_filter": ": a filter of the provider held it back"}
    return f"The model wrote nothing{by.get(read.finish_reason, '')}"


def storable(text: str) -> str:
    """Without what PostgreSQL and UTF-8 cannot hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode() if text else ""


def fail(outcome: Outcome, why: Why, words: str, *, again: bool) -> None:
    outcome.why, outcome.error, outcome.again = why, words, again


@contextmanager
def failing_into(outcome: Outcome, endpoint: Endpoint, seconds: float) -> Iterator[None]:
    """What goes wrong inside ends in the outcome, in words that name no secret and no content."""
    try:
        yield
    except _Ended:
        pass
    except CannotUnseal:
        outcome.sent = False
        fail(outcome, Why.SEALED, "The key of the provider cannot be opened with FIELD_ENCRYPTION_KEY", again=False)
    except Unreadable:
        words = "The model provider's answer has another form than expected"
        fail(outcome, Why.BAD_ANSWER, words, again=False)
    except Exception as error:  # of the libraries below, whose families of errors have no common root
        _fail_by(error, outcome)
    if outcome.why is Why.TIMEOUT:
        outcome.error = f"The model provider did not answer within {max(seconds, 0):.3g} s"


def _fail_by(error: Exception, outcome: Outcome) -> None:
    import httpx2
    import openai

    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        fail(outcome, Why.TIMEOUT, "", again=True)
    elif isinstance(error, openai.APIConnectionError | httpx2.TransportError):
        fail(outcome, Why.UNREACHABLE, "The model provider could not be reached", again=True)
    else:
        # Its words may hold anything of the answer, and so may the values of its frames.
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.warning("an answer could not be taken: %s (%s:%s)", type(error).__name__, where.name, where.lineno)
        words = "The model provider's answer has another form than expected"
        fail(outcome, Why.BAD_ANSWER, words, again=False)


class _Ended(Exception):
    """The outcome says how."""


def _answer(endpoint: Endpoint, body: dict[str, Any], outcome: Outcome, deadline: float) -> bytes:
    from apps.llm.clients import client_of

    create = client_of(endpoint).chat.completions.with_streaming_response.create
    with sending(endpoint, body, outcome, deadline), create(**body) as response:
        outcome.status = response.status_code
        return b"".join(response.iter_bytes())


@contextmanager
def sending(
    endpoint: Endpoint, body: dict[str, Any], outcome: Outcome, deadline: float, most_bytes: int = MOST_BYTES
) -> Iterator[Budget]:
    """What is sent inside has its budget; the answer's failures end in the outcome. Raises _Ended after a failure."""
    import openai

    from apps.llm.guarded import Budget, spending

    budget = Budget(deadline, most_bytes)
    try:
        with spending(budget):
            yield budget
    except openai.APIStatusError as error:
        _note_status(endpoint, body, outcome, error)
        raise _Ended from None
    except Exception:
        if not budget.why:
            raise
        again = budget.why in (Why.TIMEOUT, Why.UNREACHABLE)
        fail(outcome, budget.why, budget.words, again=again)
        outcome.about = budget.about
        raise _Ended from None


def _note_status(endpoint: Endpoint, body: dict[str, Any], outcome: Outcome, error: Any) -> None:
    status = outcome.status = error.status_code
    again = status >= 500 or status in _TRY_LATER
    suffix = ", and redirects are not followed" if status < 400 else ""
    fail(outcome, Why.STATUS, f"The model provider answered {status}{suffix}", again=again)
    outcome.wait = retry_after(error.response.headers, timezone.now())
    said = error.response.content
    outcome.about = about_refusal(status, said)
    if status in (400, 422):
        outcome.quirk = refused_field(said, body, QUIRKS.of(endpoint, body["model"]))
        if outcome.quirk:
            QUIRKS.note(endpoint, body["model"], outcome.quirk)
            outcome.again = True
