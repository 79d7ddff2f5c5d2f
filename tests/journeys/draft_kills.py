"""Has 200 mails drafted and 50 replies sent on processes of its own, and kills each part in the middle.

python -m tests.journeys.draft_kills FOLDER

Starts PostgreSQL, Redis, both workers, beat and the web process as `make run` does. Half of the mails lie in a real
IMAP server, half are posted to the web process, each again and again until it is taken. A person approves 50 drafts.
The SMTP server here holds its answer for a moment, so that workers die while they wait for it. Prints one JSON object
of what was found at the end.
"""

import json
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from scripts.ports import free_pair
from tests.journeys.parts import PATIENCE, Laps, insist, kill, running, wait_until

MAILS, APPROVED = 200, 50
PARTS = ("steps", "worker", "web", "postgres", "redis", "beat")
WHILE_SENDING = ("steps", "worker", "postgres", "web", "steps")
# Leases as short as the work here allows: what a dead process held is taken up soon.
QUICK = {
    "MAIL_SESSION_SECONDS": "3",
    "MAIL_LEASE_SECONDS": "5",
    "MAIL_POLL_SECONDS": "1",
    "DRAFT_TOOL_SECONDS": "1",
    "DRAFT_MODEL_SECONDS": "1",
    "RETRIEVAL_SECONDS": "1",
}


class Poster:
    """A mail gateway that posts each mail until it is taken, as they do."""

    def __init__(self, url: str, secret: str, raws: list[bytes]) -> None:
        self.url, self.secret, self.left = url, secret, list(raws)
        self.answers: Counter[int] = Counter()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        from apps.core.signing import signed_headers

        until = time.monotonic() + 3 * PATIENCE
        while self.left and time.monotonic() < until:
            content = self.left[0]
            headers = signed_headers(
                [self.secret], message_id=f"m{len(self.left)}", at=datetime.now(UTC), content=content
            )
            try:
                status = httpx.post(
                    self.url, content=content, headers=headers | {"content-type": "message/rfc822"}, timeout=10
                ).status_code
            except httpx.HTTPError:
                status = 0
            self.answers[status] += 1
            if status in (200, 201):
                self.left.pop(0)
            time.sleep(0.05)


def play(folder: Path, port: int, imap: Any, smtp: Any, laps: Laps) -> dict[str, Any]:
    from apps.accounts.models import Business, Membership, User
    from apps.core.sealing import unseal
    from apps.drafts.models import Draft
    from tests.drafts.mail_servers import a_raw_mail, connected

    shop = Business.objects.create(name="Kills", slug="kills")
    user = User.objects.create_user(username="rita", email="rita@example.com", password="no-one-signs-in-here")
    Membership.objects.create(business=shop, user=user, role="reviewer")
    mailbox = connected(shop, imap, smtp)
    raws = [
        a_raw_mail(
            "Hello,\n\ndo you sell blue kettles?\n\nAnna",
            sender=f"Customer {number} <customer-{number}@example.com>",
            subject="Blue kettles",
            message_id=f"mail-{number}@example.com",
        )
        for number in range(MAILS)
    ]
    posted, fetched = raws[::2], raws[1::2]
    poster = Poster(f"http://127.0.0.1:{port}/v1/mail/inbound/{mailbox.pk}", unseal(mailbox.webhook_secret), posted)
    for raw in fetched:
        imap.deliver(raw)
    drafted = Draft.objects.filter(state="waiting")
    at_kill = {}
    for place, part in enumerate(PARTS):
        wanted = MAILS * (place + 1) // 9
        wait_until(lambda wanted=wanted: insist(drafted.count) >= wanted, 120)
        at_kill[part] = insist(drafted.count)
        kill(folder, part)
    laps.lap("kills while drafting")
    poster.thread.join(PATIENCE)
    wait_until(lambda: insist(drafted.count) >= MAILS, PATIENCE)
    laps.lap("the rest of the drafts")
    return {
        "posted": dict(poster.answers),
        "not_posted": len(poster.left),
        "drafted_at_kill": at_kill,
        **found_drafts(),
        **send_some(folder, shop, user, smtp, laps),
        "seconds": laps.seconds,
    }


def found_drafts() -> dict[str, Any]:
    from apps.approvals.models import ApprovalRequest
    from apps.drafts.models import Draft, DraftVersion, Message, Thread

    return {
        "messages": insist(Message.objects.count),
        "threads": insist(Thread.objects.count),
        "drafts": insist(lambda: dict(Counter(Draft.objects.values_list("state", flat=True)))),
        "versions": insist(DraftVersion.objects.count),
        "requests": insist(ApprovalRequest.objects.filter(kind="draft").count),
    }


def send_some(folder: Path, shop: Any, user: Any, smtp: Any, laps: Laps) -> dict[str, Any]:
    from apps.approvals.models import ApprovalRequest
    from apps.drafts.models import Draft, Message, Sending
    from apps.drafts.settling import settle_unsure

    holding = threading.Event()

    def hold(_mail: Any) -> None:
        holding.set()
        time.sleep(0.6)

    smtp.hold = hold
    ends = ["sent", "unsure", "failed", "bounced"]
    ended = Sending.objects.filter(state__in=ends)
    waiting = list(
        insist(lambda: list(ApprovalRequest.objects.filter(kind="draft", state="awaiting_approval").order_by("id")))
    )
    chosen = waiting[:APPROVED]
    killer = threading.Thread(target=kill_while_sending, args=(folder, holding))
    killer.start()
    for request in chosen:
        insist(lambda request=request: approve(request.pk, shop, user))
        time.sleep(0.1)
    killer.join()
    laps.lap("kills while sending")
    wait_until(lambda: insist(ended.count) >= len(chosen), PATIENCE)
    arrived = Counter(str(mail.message["Message-ID"]).strip("<>") for mail in smtp.mails)
    unsure = insist(lambda: list(Sending.objects.filter(state="unsure")))
    for sending in unsure:
        # A person asks the customer.
        settle_unsure(sending_id=sending.pk, sent=arrived[sending.message_id] > 0, actor="user:rita@example.com")
    wait_until(lambda: insist(Sending.objects.filter(state="sent").count) >= len(chosen), PATIENCE)
    laps.lap("the rest of the mails")
    arrived = Counter(str(mail.message["Message-ID"]).strip("<>") for mail in smtp.mails)
    return {
        "approved": len(chosen),
        "unsure": len(unsure),
        "sendings": dict(Counter(Sending.objects.values_list("state", flat=True))),
        "attempts": sum(Sending.objects.values_list("attempts", flat=True)),
        "sent_drafts": Draft.objects.filter(state="sent").count(),
        "sent_messages": Message.objects.filter(direction="out").count(),
        "arrived": len(arrived),
        "arrived_twice": [one for one, times in arrived.items() if times > 1],
        "not_arrived": [one for one in Sending.objects.values_list("message_id", flat=True) if not arrived[one]],
        "to_others": [mail.recipients for mail in smtp.mails if len(mail.recipients) != 1],
    }


def kill_while_sending(folder: Path, holding: threading.Event) -> None:
    """Each time the mail server has just taken a mail and not answered yet."""
    for part in WHILE_SENDING:
        holding.clear()
        holding.wait(30)
        kill(folder, part)


def approve(request_id: Any, shop: Any, user: Any) -> None:
    """As a reviewer in the browser; a second time it was done already."""
    from apps.accounts.principals import Principal
    from apps.accounts.roles import scopes_of
    from apps.approvals.deciding import decide
    from apps.approvals.models import ApprovalRequest

    request = ApprovalRequest.objects.get(pk=request_id)
    if request.state == "approved":
        return
    by = Principal(shop.pk, scopes_of("reviewer"), f"user:{user.email}", user=user, role="reviewer")
    decide(request_id=request_id, by=by, verdict="approve", payload_hash=request.payload_hash)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    port = free_pair()
    laps = Laps()
    with running(folder, PARTS, port=port, **QUICK):
        import django

        django.setup()
        laps.lap("up")
        from tests.drafts.mail_servers import imap_server, smtp_server

        with imap_server() as imap, smtp_server() as smtp:
            smtp.file_in = lambda raw: imap.deliver(raw, to="Sent")
            found = play(folder, port, imap, smtp, laps)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
