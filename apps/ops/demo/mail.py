"""ACT: give the demo shop a mailbox, past correspondence, snippets, and mail that waits for an answer. All made up.

Past mail is written as it would have been imported, with what became of its drafts; nobody is mailed. What lies in the
mailbox is drafted by the worker like any other mail.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from django.db import transaction

from apps.accounts.models import Business
from apps.agents.kinds import ToolKind
from apps.agents.models import Tool
from apps.core.sealing import seal
from apps.core.signing import new_secret
from apps.drafts.intents import read_intent
from apps.drafts.learning_replies import index_replies, replies
from apps.drafts.models import Draft, DraftSettings, IntentTool, Mailbox, Message
from apps.drafts.receiving import receive
from apps.drafts.states import DraftState, Intent, MadeBy, RetrievalOutcome, Source
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.models import Document
from apps.ops.demo.letters import CORRESPONDENCE, INBOX, NAMES, SNIPPETS
from apps.ops.demo.shop import ARTICLES, FIRST, LAST, ORDERS_A_DAY
from apps.pilots.models import BusinessSettings

ADDRESS = "hello@harbour-and-pine.example"
DOMAIN = "harbour-and-pine.example"
PAST = 96
DAYS = 24
SEED = 20260303
# Of the fields of an order these may leave the tool. Its margin and the card it was paid with may not.
ORDER_FIELDS = ["order_id", "status", "placed_on", "items", "total", "parcel"]
PARCEL_FIELDS = ["tracking_number", "carrier", "status", "expected_on", "delivered_on", "order_id"]
TOOLS = {
    "find_order": (
        "orders",
        ORDER_FIELDS,
        {"order_id": "order_number"},
        (Intent.ORDER, Intent.TRACKING, Intent.REFUND, Intent.COMPLAINT),
    ),
    "track_parcel": ("parcels", PARCEL_FIELDS, {"tracking_number": "tracking_number"}, (Intent.TRACKING,)),
}


@transaction.atomic
def place_tools(business: Business, base_url: str) -> None:
    """Let the shop's two tools call its own service, which answers at base_url, and say which mail needs them.

    The second part is done once: what an admin chose since then stays. Tools pointed elsewhere are left alone.
    """
    for name, (path, returned, arguments, intents) in TOOLS.items():
        place = f"/demo/shop/{path}"
        tools = Tool.objects.filter(business=business, name=name)
        tools.filter(kind=ToolKind.HTTP, url__endswith=place).update(url=base_url + place)
        for tool in tools.filter(kind=ToolKind.DESCRIBED):
            tool.kind, tool.url, tool.method, tool.returned = ToolKind.HTTP, base_url + place, "GET", returned
            tool.save(update_fields=["kind", "url", "method", "returned"])
            for intent in intents:
                IntentTool.objects.create(business=business, intent=intent, tool=tool, arguments=arguments)


def load_mail(business: Business, *, now: datetime) -> int:
    """Write the shop's mail, once; the number of messages written. What was cut off before is gone on with."""
    written = 0 if Mailbox.objects.filter(business=business, address=ADDRESS).exists() else _write_mail(business, now)
    if not Document.objects.filter(business=business, source="demo").exists():
        _load_snippets(business)
    new = list(replies().filter(business=business, indexed_at=None)[: 2 * PAST])
    if new:
        index_replies(business_id=business.pk, messages=new)
    return written


@transaction.atomic
def _write_mail(business: Business, now: datetime) -> int:
    chance = random.Random(SEED)  # noqa: S311 a stage, not a secret
    mailbox = Mailbox.objects.create(
        business=business,
        address=ADDRESS,
        name="Harbour & Pine",
        signature="Harbour & Pine, Am Hafen 3, 20457 Hamburg",
        webhook_secret=seal(new_secret()),
    )
    DraftSettings.objects.get_or_create(
        business=business, defaults={"guidance": "Friendly and short. First names. Sign as Harbour & Pine."}
    )
    BusinessSettings.objects.filter(business=business).update(email_snippets_enabled=True, email_rag_min_confidence=0.6)
    answered = list(_correspond(mailbox, now, chance))
    Draft.objects.bulk_create(_past_draft(asked, chance) for asked, _ in answered)
    for place, letter in enumerate(INBOX):
        moment = now - timedelta(minutes=7 * (len(INBOX) - place))
        receive(mailbox=mailbox, raw=_raw(letter, moment), source=Source.WEBHOOK, received_at=moment)
    return 2 * len(answered) + len(INBOX)


def _load_snippets(business: Business) -> None:
    ensure_collection(business_id=business.pk, key="snippets", name="Snippets", kind="snippets")
    for title, text in SNIPPETS:
        key = title.lower().replace(" ", "-")
        index_document(
            business_id=business.pk, collection="snippets", key=key, title=title, text=text,
            searchable=f"{title}\n{text}", whole=True, source="demo",
        )  # fmt: skip


def _correspond(mailbox: Mailbox, now: datetime, chance: random.Random) -> Iterator[tuple[Message, Message]]:
    """Questions of the last weeks and what was answered to each."""
    for number in range(PAST):
        subject, asked, reply = CORRESPONDENCE[number % len(CORRESPONDENCE)]
        came = now - timedelta(days=1 + (DAYS - 1) * (1 - number / PAST), minutes=chance.randint(0, 600))
        placed = (now - came).days + chance.randint(1, 5)
        name, order = chance.choice(NAMES), f"HP-{max(FIRST, LAST - ORDERS_A_DAY * placed - chance.randint(0, 9))}"
        went = came + timedelta(minutes=chance.randint(12, 240))
        words = {
            "name": name, "first": name.split()[0], "order": order, "item": chance.choice(ARTICLES)[0].lower(),
            "day": (came + timedelta(days=3)).strftime("%A"),
        }  # fmt: skip
        address = f"{name.lower().replace(' ', '.')}@example.com"
        question = _mail(name, address, subject.format(**words), asked.format(**words), came)
        answer = _mail("Harbour & Pine", ADDRESS, f"Re: {subject.format(**words)}", reply.format(**words), went)
        answer.replace_header("To", address)
        answer["In-Reply-To"] = answer["References"] = question["Message-ID"]
        first = receive(mailbox=mailbox, raw=question.as_bytes(), source=Source.IMPORT, received_at=came, draft=False)
        second = receive(mailbox=mailbox, raw=answer.as_bytes(), source=Source.IMPORT, received_at=went, draft=False)
        yield first.message, second.message


def _raw(letter: tuple[str, str, str, str], moment: datetime) -> bytes:
    name, address, subject, text = letter
    return _mail(name, address, subject, text, moment).as_bytes()


def _mail(name: str, address: str, subject: str, text: str, moment: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = f'"{name}" <{address}>', ADDRESS
    mail["Subject"], mail["Date"] = subject, format_datetime(moment)
    mail["Message-ID"] = make_msgid(domain=address.split("@")[1])
    mail.set_content(text)
    return mail


def _past_draft(asked: Message, chance: random.Random) -> Draft:
    """What became of the draft of a past mail: figures of a shop that does well, with and without retrieval."""
    helped = chance.random() < 0.7
    read = read_intent(asked.subject, asked.reply_text)
    verified, discarded = chance.random() < 0.28, chance.random() < (0.08 if helped else 0.16)
    estimated = chance.randint(500, 1600)
    made = asked.received_at + timedelta(seconds=chance.randint(2, 20))
    return Draft(
        business_id=asked.business_id, thread_id=asked.thread_id, message=asked,
        state=DraftState.DISCARDED if discarded else DraftState.SENT, version=1,
        intent=read.intent, intent_confidence=read.confidence, verification=verified,
        made_by=MadeBy.VERIFICATION if verified else MadeBy.TEMPLATE, tool_calls=chance.randint(0, 2),
        retrieval=_retrieval(helped, chance), retrieval_ms=round(chance.gammavariate(4, 9), 1),
        passages=3 if helped else 0,
        tokens_estimated=estimated, tokens_actual=round(estimated * chance.gauss(1.0, 0.05)),
        edit_distance=None if discarded else round(min(1.0, chance.betavariate(1.4, 7 if helped else 4)), 3),
        took_ms=round(chance.gammavariate(4, 40), 1), decided_at=made + timedelta(minutes=chance.randint(3, 180)),
        decided_by="user:alice@example.com", made_at=made,
    )  # fmt: skip


def _retrieval(helped: bool, chance: random.Random) -> str:
    if helped:
        return RetrievalOutcome.HIT
    return chance.choices([RetrievalOutcome.MISS, RetrievalOutcome.TIMEOUT], [30, 1])[0]
