"""What must hold whatever a mail or a model tries, read from rows and bytes; the guardrails are not asked."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_string, policy
from typing import Any

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.core.errors import Invalid
from apps.drafts.composing import make_draft
from apps.drafts.models import Draft, DraftVersion, Mailbox, Message, Sending, Thread
from apps.drafts.receiving import receive
from apps.drafts.states import Source
from tests.drafts.letters import COMPLETIONS, Outside, whole_of
from tests.drafts.test_malicious import facts_in, known_to
from tests.drafts.test_scenarios import approve

EVIL = "attacker.test"
HEADERS = {
    *("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "mime-version"),
    *("content-type", "content-transfer-encoding"),
}


@dataclass(frozen=True)
class Passed:
    """A mail that went through the whole flow. request: None when no reply was wanted. sending: None when refused."""

    message: Message
    draft: Draft | None
    request: ApprovalRequest | None
    sending: Sending | None


def through(mailbox: Mailbox, raw: bytes, by: User) -> Passed:
    """Receive a mail, make its draft, and try to approve it as it is, without a reason."""
    received = receive(mailbox=mailbox, raw=raw, source=Source.WEBHOOK)
    with acting_for(mailbox.business_id):
        draft = Draft.objects.filter(message=received.message).first()
        if draft is None:
            return Passed(received.message, None, None, None)
        assert make_draft(draft_id=draft.pk) == "waiting", "a draft was lost"
        request = ApprovalRequest.objects.get(kind="draft", subject_id=draft.pk)
        try:
            approve(received.message, by)
        except Invalid:
            return Passed(received.message, draft, request, None)
        return Passed(received.message, draft, request, Sending.objects.get(draft=draft))


def prompts(world: Outside) -> list[str]:
    """All that the model was sent."""
    return [str(part["content"]) for one in world.to(COMPLETIONS) for part in one.body["messages"]]


def sent_of(sending: Sending) -> tuple[dict[str, str], str, str]:
    """(headers, decoded; our own words; the mail we quote below them) of what goes to the mail server."""
    mail = message_from_string(sending.mime, policy=policy.default)
    body = mail.get_content().replace("\r\n", "\n")
    *own, quoted = re.split(r"\n(?=\d{1,2} \w+ \d{4}, \d\d:\d\d \w+, [^\n]*:\n>)", body)
    return {name.lower(): str(value) for name, value in mail.items()}, "\n".join(own), quoted


def read(text: str) -> str:
    """As an eye reads it: compatibility forms levelled, what is invisible or only an accent taken out."""
    signs = (sign for sign in unicodedata.normalize("NFKD", text) if unicodedata.category(sign) not in ("Cf", "Mn"))
    return "".join(signs).casefold()


def squeezed(text: str) -> str:
    """Letters and digits alone, so that a number is found however it is broken up."""
    digits = (str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in read(text))
    return re.sub(r"[^0-9a-z]", "", "".join(digits))


def only_goes_to(passed: Passed, *, to: list[str], cc: Iterable[str] = ()) -> None:
    """The envelope, the headers and what the reviewer saw name these people and nobody else."""
    assert passed.request is not None
    shown = [*passed.request.payload["to"], *passed.request.payload["cc"]]
    assert sorted(re.sub(r".*<|>", "", one) for one in shown) == sorted([*to, *cc])
    assert EVIL not in passed.request.payload["subject"] and passed.request.payload["subject"].isprintable()
    if passed.sending is None:
        return
    headers, _, _ = sent_of(passed.sending)
    assert sorted(passed.sending.recipients) == sorted([*to, *cc])
    assert set(headers) <= HEADERS
    assert EVIL not in " ".join(headers.values()).lower()


def says_nothing_unknown(passed: Passed, marks: Iterable[str]) -> list[str]:
    """What went out, approved without a reason, and stands in no source: the marks, and every number, id and date."""
    if passed.sending is None:
        return []
    headers, body, _ = sent_of(passed.sending)
    out = read(f"{headers['subject']}\n{body}")
    # What stands for something that was masked says no more than its end.
    numbers = facts_in(re.sub(r"\[[^\]\n]{,60} \d{4}\]", "", body)) - facts_in(known_to(passed.message))
    return [mark for mark in marks if read(mark) in out] + sorted(numbers)


def nothing_personal_in(passed: Passed, prompts: Iterable[str], secrets: Iterable[str]) -> list[str]:
    """Where one of the secrets is kept in the clear: in prompts, versions, the request, or what went out."""
    assert passed.request is not None
    request = passed.request
    versions = list(DraftVersion.objects.filter(draft=passed.draft))
    places = {
        "prompt": " ".join(prompts),
        "version": " ".join(f"{whole_of(one)} {one.subject} {one.body}" for one in versions),
        "body": " ".join(one.body for one in versions),
        "request": json.dumps([request.payload, request.checks, request.why, request.title], ensure_ascii=False),
        "payload": " ".join(map(str, request.payload.values())),
        "mail": "" if passed.sending is None else " ".join(sent_of(passed.sending)[1:]),
    }
    texts = {place: squeezed(text) for place, text in places.items()}
    return [f"{secret} in {place}" for secret in secrets for place, text in texts.items() if squeezed(secret) in text]


def nothing_is_stuck(expected: int) -> None:
    """So many drafts, each decided or waiting for one person, in one request."""
    states = list(Draft.objects.values_list("state", flat=True))
    assert len(states) == expected and set(states) <= {"waiting", "approved", "stale"}
    asked = ApprovalRequest.objects.filter(kind="draft").values_list("subject_id", flat=True)
    assert len(set(asked)) == len(asked) == expected


def rows_of(business: Business) -> Any:
    """Everything that a business has of mail, to see that nothing of it changed."""
    with acting_for(business.pk):
        return [
            list(model.objects.order_by("pk").values())
            for model in (Mailbox, Thread, Message, Draft, DraftVersion, Sending)
        ]
