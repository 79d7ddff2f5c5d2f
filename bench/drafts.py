"""What does a draft cost beside what it waits for: its tools, the embedding of the mail, the search, the model?

Offline provider, retrieval on over a thousand past replies and fifty snippets, three tools of a local HTTP server. Of
each draft the time in tools, embedder and the statements of the search is taken off; what is left is our own code and
its writes to the database. Then a hundred drafts by sixteen threads at once: none may be lost, memory must not grow.

    make bench ARGS=drafts
    python -m bench.drafts --drafts 50
"""

import argparse
import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from bench import ground

TARGET_OWN_MS, TARGET_GROWTH_MB = 20.0, 40.0
REPLIES, SNIPPETS, AT_ONCE = 1000, 50, 16
ASKS = "Hello,\n\nwhat is the status of my order HP-2041? I ordered a blue kettle and two cups.\n\nThank you\nAnna"
ORDER = {"number": "HP-2041", "status": "shipped", "total": "59.90 EUR", "items": [{"name": "Blue kettle"}]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drafts", description=__doc__.split("\n")[0])
    parser.add_argument("--drafts", type=int, default=100)
    asked = parser.parse_args()
    ground.set_up()
    with_server = _server()
    business = fill(with_server)
    clock = Clock()
    clock.watch()
    fine = alone(business, clock, asked.drafts)
    fine = together(business, asked.drafts) and fine
    sys.exit(0 if fine else 1)


class Clock:
    """Time spent in what is not our own code, by name; one draft at a time."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.busy = 0.0

    def around(self, name: str, does: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(does)
        def timed(*args: Any, **kwargs: Any) -> Any:
            began, busy = time.perf_counter(), time.thread_time()
            try:
                return does(*args, **kwargs)
            finally:
                if name != "embedder":  # in a thread of its own
                    self.busy += time.thread_time() - busy
                self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - began

        return timed

    def watch(self) -> None:
        from apps.drafts import gathering, retrieving
        from apps.knowledge import searching

        for module, function, name in (
            (gathering, "use_tool", "tools"),
            (retrieving, "embed", "embedder"),
            (searching, "ask", "search SQL"),
        ):
            setattr(module, function, self.around(name, getattr(module, function)))


def fill(url: str) -> Any:
    """A business with the feature, tools and what retrieval finds."""
    from apps.accounts.row_access import across_businesses, acting_for
    from apps.agents.models import Tool
    from apps.core.snapshot import forget_everything
    from apps.drafts.models import IntentTool
    from apps.knowledge.indexing import NewDocument, ensure_collection, index_many
    from apps.pilots.choosing import choose_settings
    from apps.pilots.defining import create_feature
    from apps.pilots.models import Feature
    from apps.pilots.switching import switch_on

    business, _ = ground.new_business("Drafts")
    actor = "system:bench"
    feature = Feature.objects.filter(key="RAG_PILOT").first()
    if feature is None:
        feature = create_feature(key="RAG_PILOT", home_id=business.pk, actor=actor)
    with across_businesses():
        switch_on(feature_id=feature.pk, business_id=business.pk, actor=actor)
    with acting_for(business.pk):
        choose_settings(
            business_id=business.pk, actor=actor, email_rag_enabled=True, email_snippets_enabled=True,
            email_rag_min_confidence=0.0,
        )  # fmt: skip
        for n in range(3):
            tool = Tool.objects.create(
                business=business, kind="http", name=f"tool_{n}", description="Reads an order", url=f"{url}/{n}",
                returned=["number", "status", "total", "items.name"],
                parameters={"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
            )  # fmt: skip
            IntentTool.objects.create(
                business=business, intent="ORDER", tool=tool, arguments={"number": "order_number"}
            )
    for key, kind, number in (("replies", "replies", REPLIES), ("snippets", "snippets", SNIPPETS)):
        ensure_collection(business_id=business.pk, key=key, kind=kind)
        for start in range(0, number, 100):
            documents = [
                NewDocument(
                    f"{key}-{n}", f"About matter {n}", f"We looked into matter {n}; our team replies within a day.",
                    searchable=f"A question about matter {n}: kettles, cups and order {n}", whole=True,
                )
                for n in range(start, min(start + 100, number))
            ]  # fmt: skip
            index_many(business_id=business.pk, collection=key, documents=documents)
    forget_everything()
    return business


def alone(business: Any, clock: Clock, number: int) -> bool:
    """One after the other: what is left of each beside what it waits for."""
    from apps.drafts.composing import make_draft
    from apps.drafts.models import Draft

    pks = [want(business, n) for n in range(number + 5)]
    rows: list[dict[str, float]] = []
    for place, pk in enumerate(pks):
        clock.spent, clock.busy = {}, 0.0
        began, busy = time.perf_counter(), time.thread_time()
        make_draft(draft_id=pk)
        whole, busy = time.perf_counter() - began, time.thread_time() - busy
        if place >= 5:
            rows.append(
                {**clock.spent, "all": whole, "own": whole - sum(clock.spent.values()), "own CPU": busy - clock.busy}
            )
    hits = Draft.objects.filter(pk__in=pks, retrieval="hit", tool_calls=3, state="waiting").count()
    print(f"{len(rows)} drafts, one after the other ({hits} of {len(pks)} with three tools and passages); ms:")
    for name in ("all", "tools", "embedder", "search SQL", "own", "own CPU"):
        values = [row.get(name, 0.0) * 1000 for row in rows]
        print(f"  {name:11} median {median(values):7.1f}   p95 {quantiles(values, n=20)[-1]:7.1f}")
    own = median([row["own"] * 1000 for row in rows])
    fine = own < TARGET_OWN_MS and hits == len(pks)
    print(f"own code, median: {own:.1f} ms (target {TARGET_OWN_MS:.0f}): {'met' if fine else 'MISSED'}")
    return fine


def together(business: Any, number: int) -> bool:
    """All at once by sixteen threads, twice: the second time memory must not have grown by much."""
    grown = 0.0
    for turn in range(2):
        pks = [want(business, n) for n in range(number)]
        before, began = _memory(), time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            states = list(pool.map(_make, pks))
        took, grown = time.perf_counter() - began, _memory() - before
        lost = sum(state != "waiting" for state in states)
        print(
            f"{number} drafts by {AT_ONCE} threads: {took:.1f} s, {lost} lost, memory {grown:+.0f} MB (turn {turn + 1})"
        )
        if lost:
            return False
    fine = grown < TARGET_GROWTH_MB
    print(f"growth in the second turn: {grown:.0f} MB (target {TARGET_GROWTH_MB:.0f}): {'met' if fine else 'MISSED'}")
    return fine


def want(business: Any, number: int) -> UUID:
    """A mail that has come in, and the draft that is wanted for it."""
    from django.utils import timezone

    from apps.accounts.row_access import acting_for
    from apps.core.ids import new_id
    from apps.drafts.drafting import want_draft
    from apps.drafts.models import Mailbox, Message, Thread

    now = timezone.now()
    with acting_for(business.pk):
        mailbox, _ = Mailbox.objects.get_or_create(business=business, address="help@bench.example.com")
        thread = Thread.objects.create(
            business=business, mailbox=mailbox, subject="Order HP-2041", customer="anna@example.com",
            customer_name="Anna Berg", messages_count=1, last_message_at=now,
        )  # fmt: skip
        message = Message.objects.create(
            business=business, mailbox=mailbox, thread=thread, direction="in", source="import", digest="0" * 64,
            message_id=f"{new_id()}@example.com", sender="anna@example.com", sender_name="Anna Berg",
            to=[{"name": "", "address": mailbox.address}], subject=f"Order HP-2041 ({number})", text=ASKS,
            reply_text=ASKS, received_at=now,
        )  # fmt: skip
        draft = want_draft(message=message)
    assert draft is not None
    return draft.pk


def _make(pk: UUID) -> str | None:
    from django.db import connection

    from apps.drafts.composing import make_draft

    try:
        return make_draft(draft_id=pk)
    finally:
        connection.close()


def _memory() -> float:
    """Most memory this process has ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _server() -> str:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(ORDER).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


if __name__ == "__main__":
    main()
