"""Mails that come in, the shop's tools and a model that write on command: what tests of drafts are told with."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.agents.models import Tool
from apps.approvals.models import ApprovalRequest
from apps.core.ids import new_id
from apps.core.snapshot import forget_everything
from apps.drafts.drafting import want_draft
from apps.drafts.models import Draft, DraftVersion, IntentTool, Mailbox, Message, Thread
from apps.knowledge.indexing import ensure_collection, index_document
from apps.pilots.choosing import choose_settings
from apps.pilots.defining import create_feature
from apps.pilots.models import Feature
from apps.pilots.switching import switch_on

ADDRESS, NAME = "help@corner-shop.example.com", "Anna Berg"
CUSTOMER = "anna@example.com"
ORDER: dict[str, Any] = {
    "order": {"number": "HP-2041", "status": "shipped", "total": "59.90 EUR", "items": [{"name": "Blue kettle"}]},
    "internal": {"margin": "0.42", "supplier": "Acme"},
}
RETURNED = ["order.number", "order.status", "order.total", "order.items.name"]
ASKS = "Hello,\n\nwhat is the status of my order HP-2041? I ordered a blue kettle.\n\nThank you\nAnna"

Answer = tuple[int, bytes]


@dataclass
class Asked:
    """One request that the outside received."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Outside:
    """A real HTTP server: what it was asked, and what it answers by path. slow: seconds it waits, by path."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, Callable[[Any], Answer]] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
    hang_up: set[str] = field(default_factory=set)

    def says(self, path: str, data: Any, status: int = 200) -> None:
        self.answers[path] = lambda _: (status, json.dumps(data).encode())

    def to(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def writes(self, body: Any, **more: Any) -> None:
        """The model answers with this as the reply, whatever it is asked."""
        self.completes(lambda _: json.dumps({"body": body, **more}))

    def completes(self, text_of: Callable[[Any], str], prompt_tokens: int = 321) -> None:
        """The model answers what `text_of` makes of the request."""
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 50, "total_tokens": prompt_tokens + 50}

        def answer(asked: Any) -> Answer:
            message = {"role": "assistant", "content": text_of(asked)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "test", "choices": [choice]}
            return 200, json.dumps(whole | {"usage": usage}).encode()

        self.answers[COMPLETIONS] = answer


COMPLETIONS = "/v1/chat/completions"


@contextmanager
def outside_server() -> Iterator[Outside]:
    told = Outside()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            body = json.loads(raw) if raw else self.path.partition("?")[2]
            told.asked.append(Asked(path, {k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(told.slow.get(path, 0))
            if path in told.hang_up:
                self.close_connection = True
                return
            status, answer = told.answers.get(path, lambda _: (404, b'{"error": "nothing here"}'))(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Quiet."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                """Who asked has gone."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def use_model(settings: Any, outside: Outside) -> None:
    """Let the installation's provider be the model of `outside`."""
    settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = f"{outside.url}/v1", "sk-test", "test"


def a_mailbox(shop: Business, **more: Any) -> Mailbox:
    found, _ = Mailbox.objects.get_or_create(
        business=shop, address=ADDRESS, defaults={"name": "Corner Shop", "aliases": ["sales@corner-shop.example.com"]}
    )
    for name, value in more.items():
        setattr(found, name, value)
    if more:
        found.save()
    return found


def an_order_tool(shop: Business, outside: Outside, intent: str = "ORDER", **more: Any) -> Tool:
    """The tool `order_status` at /orders, asked with the order number that a mail names."""
    given: dict[str, Any] = {
        "kind": "http", "name": "order_status", "description": "Reads an order", "url": f"{outside.url}/orders",
        "returned": RETURNED, "timeout_seconds": 3, "parameters": {
            "type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"],
        },
    }  # fmt: skip
    given |= more
    tool, _ = Tool.objects.get_or_create(business=shop, name=given["name"], defaults=given)
    IntentTool.objects.create(business=shop, intent=intent, tool=tool, arguments={"number": "order_number"})
    return tool


def a_mail(
    shop: Business,
    text: str = ASKS,
    *,
    subject: str = "Order HP-2041",
    sender: str = CUSTOMER,
    thread: Thread | None = None,
    wanted: bool = True,
    **more: Any,
) -> Message:
    """A mail that has come in; with its draft wanted, as receiving does in one transaction."""
    now = timezone.now()
    with acting_for(shop.pk):
        mailbox = a_mailbox(shop)
        if thread is None:
            thread = Thread.objects.create(
                business=shop, mailbox=mailbox, subject=subject[:300], customer=sender, customer_name=NAME,
                messages_count=1, last_message_at=now,
            )  # fmt: skip
        given: dict[str, Any] = {
            "business": shop, "mailbox": mailbox, "thread": thread, "direction": "in", "source": "import",
            "message_id": f"{new_id()}@example.com", "sender": sender, "sender_name": NAME,
            "to": [{"name": "", "address": ADDRESS}], "subject": subject[:300], "text": text, "reply_text": text,
            "digest": "0" * 64, "received_at": now,
        }  # fmt: skip
        message = Message.objects.create(**(given | more))
        if wanted:
            want_draft(message=message)
    return message


def later_mail(message: Message, text: str, **more: Any) -> Message:
    """A newer one of the same thread."""
    at = message.received_at + timedelta(minutes=5)
    return a_mail(message.business, text, thread=message.thread, subject=message.subject, received_at=at, **more)


def draft_of(message: Message) -> Draft:
    return Draft.objects.get(message=message)


def version_of(message: Message, number: int = 1) -> DraftVersion:
    return DraftVersion.objects.get(draft__message=message, number=number)


def request_of(message: Message) -> ApprovalRequest:
    """The request that waits for the draft of this message."""
    return ApprovalRequest.objects.get(kind="draft", subject_id=draft_of(message).pk, state="awaiting_approval")


def verdict(version: DraftVersion, stage: str) -> Mapping[str, Any]:
    return next(one for one in version.verdicts if one["stage"] == stage)


def whole_of(version: DraftVersion) -> str:
    """Everything that is stored of a version, as text."""
    kept = [version.subject, version.body, version.material, version.verdicts, version.claims, version.prompt]
    return json.dumps([*kept, version.to, version.cc, version.prompt_parts], default=str)


def turn_on_retrieval(shop: Business, *, floor: float = 0.0, most: int = 3, snippets: bool = True) -> None:
    """The shop has the feature and has switched on what comes with it."""
    feature = Feature.objects.filter(key="RAG_PILOT").first()
    if feature is None:
        feature = create_feature(key="RAG_PILOT", home_id=shop.pk, actor="user:root@example.com")
    with across_businesses():
        switch_on(feature_id=feature.pk, business_id=shop.pk, actor="user:root@example.com")
    with acting_for(shop.pk):
        choose_settings(
            business_id=shop.pk, actor="user:root@example.com", email_rag_enabled=True, email_rag_max_examples=most,
            email_snippets_enabled=snippets, email_rag_min_confidence=floor,
        )  # fmt: skip
    forget_everything()


def know_reply(shop: Business, asked: str, reply: str, **meta: Any) -> None:
    """A past reply that retrieval finds."""
    with acting_for(shop.pk):
        ensure_collection(business_id=shop.pk, key="replies", kind="replies")
        index_document(
            business_id=shop.pk, collection="replies", key=str(new_id()), title="Past reply", text=reply,
            searchable=asked, whole=True, meta={"asked": asked, **meta},
        )  # fmt: skip


def know_snippet(shop: Business, title: str, text: str) -> None:
    with acting_for(shop.pk):
        ensure_collection(business_id=shop.pk, key="snippets", kind="snippets")
        index_document(business_id=shop.pk, collection="snippets", key=title, title=title, text=text, whole=True)
