"""ACT: look up past replies and snippets that are like a mail, within two seconds or not at all."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.drafts.models import DraftSettings, Thread
from apps.drafts.states import Arm, RetrievalOutcome
from apps.knowledge.asking import together
from apps.knowledge.embedders import embed
from apps.knowledge.models import EmbeddingModel
from apps.knowledge.searching import Found, Passage, search
from apps.knowledge.standing import standing_of
from apps.pilots.flags import is_on
from apps.pilots.models import BusinessSettings

log = logging.getLogger(__name__)

FEATURE = "RAG_PILOT"
MOST_SNIPPETS = 3
# Of a mail what is looked up with: what somebody wants stands at its beginning, and models read no more.
MOST_QUERY = 2000
# Of the deadline, for what stands around the two acts that are bounded by it.
SPARE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Terms:
    """What one thread may look up. floor: 0 to 1, passages less alike are left out. most: past replies, 0 to 10."""

    rag: bool = False
    snippets: bool = False
    floor: float = 0.7
    most: int = 3
    arm: Arm = Arm.NONE

    @property
    def on(self) -> bool:
        return (self.rag and self.most > 0) or self.snippets


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What retrieval brought. took_ms: None where it was off. words: what a reviewer should know of it."""

    outcome: RetrievalOutcome
    replies: tuple[Passage, ...] = ()
    snippets: tuple[Passage, ...] = ()
    took_ms: float | None = None
    words: str = ""


NOTHING = Retrieved(RetrievalOutcome.OFF)


def retrieval_for(business_id: UUID, thread: Thread, chosen: DraftSettings, powers: BusinessSettings) -> Terms:
    """What this thread may look up: the feature, the business's own switches, and its arm while arms are compared."""
    if not is_on(FEATURE, business_id):
        return Terms()
    terms = Terms(
        rag=powers.email_rag_enabled,
        snippets=powers.email_snippets_enabled,
        floor=powers.email_rag_min_confidence,
        most=powers.email_rag_max_examples,
    )
    if not (terms.on and chosen.compare):
        return terms
    arm = Arm(thread.arm) if thread.arm else arm_of(thread.pk, chosen.control_share)
    on = arm == Arm.RETRIEVAL
    return Terms(terms.rag and on, terms.snippets and on, terms.floor, terms.most, arm)


def arm_of(thread_id: UUID, control_share: int) -> Arm:
    """The arm of a thread: the same whenever asked. control_share: percent, 1 to 99, of threads without retrieval."""
    place = int.from_bytes(sha256(b"arm:" + thread_id.bytes).digest()[:8], "big") / 2**64
    return Arm.CONTROL if place * 100 < control_share else Arm.RETRIEVAL


def retrieve(*, business_id: UUID, thread_id: UUID, query: str, terms: Terms) -> Retrieved:
    """What is alike, the most alike first, after at most RETRIEVAL_SECONDS. Never raises.

    query: the customer's words, masked. Past replies of the same thread are left out: they stand in it.
    """
    text = query[:MOST_QUERY].strip()
    if not terms.on or not text:
        return NOTHING
    seconds, started = settings.RETRIEVAL_SECONDS, time.monotonic()
    try:
        vector = _embedded(business_id, text, seconds - SPARE_SECONDS)
        found = _look_up(business_id, text, vector, terms, started + seconds - SPARE_SECONDS)
    except TimeoutError:
        return _without(RetrievalOutcome.TIMEOUT, started)
    except Exception:
        log.exception("retrieval for thread %s failed", thread_id)
        return _without(RetrievalOutcome.ERROR, started)
    return _kept(found, terms, thread_id, started)


def _embedded(business_id: UUID, text: str, seconds: float) -> Any:
    """The vector of the query, once for all searches; None for a business that knows nothing. Raises TimeoutError."""
    standing = standing_of(business_id)
    if standing is None:
        return None
    model = EmbeddingModel(pk=standing.model_id, key=standing.model, dim=standing.dim)
    return _within(seconds, lambda: embed(model, [text], business_id=business_id, timeout=seconds)[0])


def _look_up(business_id: UUID, text: str, vector: Any, terms: Terms, until: float) -> tuple[Found, ...]:
    """One search for each kind, so that a hundred thousand replies cannot crowd out ten snippets.

    On this thread's own connection, which has the statements prepared; the database stops one that takes too long.
    Raises TimeoutError.
    """
    wanted = [("replies", terms.most + 2)] if terms.rag and terms.most else []
    wanted += [("snippets", MOST_SNIPPETS)] if terms.snippets else []
    found: list[Found] = []
    if vector is None:
        return ()
    with together(business_id, _left(until)):
        for kind, most in wanted:
            one = search(
                business_id=business_id,
                query=text,
                vector=vector,
                kinds=(kind,),
                limit=most,
                floor=terms.floor,
                timeout=_left(until),
            )
            if one.timed_out:
                raise TimeoutError
            found.append(one)
    return tuple(found)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _within(seconds: float, act: Callable[[], Any]) -> Any:
    """What `act` answers in a thread of its own, which is left to itself when it has not answered in time.

    Raises TimeoutError then, and whatever `act` raises.
    """
    answers: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def run() -> None:
        try:
            answers.put((True, act()))
        except Exception as error:
            answers.put((False, error))
        finally:
            # An embedder of a provider notes its usage.
            connection.close()

    threading.Thread(target=run, name="retrieval", daemon=True).start()
    try:
        went_well, answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if not went_well:
        raise answer
    return answer


def _kept(found: tuple[Found, ...], terms: Terms, thread_id: UUID, started: float) -> Retrieved:
    passages = [passage for one in found for passage in one.passages]
    replies = [one for one in passages if one.kind == "replies" and str(one.meta.get("thread", "")) != str(thread_id)]
    snippets = [one for one in passages if one.kind == "snippets"]
    kept = tuple(replies[: terms.most]), tuple(snippets[:MOST_SNIPPETS])
    took = _since(started)
    if not any(kept):
        return Retrieved(RetrievalOutcome.MISS, took_ms=took, words="Nothing alike was found in past replies")
    return Retrieved(RetrievalOutcome.HIT, *kept, took_ms=took)


def _without(outcome: RetrievalOutcome, started: float) -> Retrieved:
    why = "took too long" if outcome == RetrievalOutcome.TIMEOUT else "failed"
    return Retrieved(outcome, took_ms=_since(started), words=f"Retrieval {why}: drafted without past replies")


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 2)
