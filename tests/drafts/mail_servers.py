"""Real mail servers for tests: Dovecot (IMAP) and aiosmtpd (SMTP), the latter able to misbehave.

with imap_server() as imap, smtp_server() as smtp:
    mailbox = connected(shop, imap, smtp)
    imap.deliver(raw_mail)
    smtp.mails[0].message["Subject"]
"""

import datetime
import os
import time
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from typing import Any

from apps.accounts.models import Business
from apps.core.sealing import seal
from apps.core.signing import new_secret
from apps.drafts.models import Mailbox
from tests.drafts.mail_imap import ADDRESS, PASSWORD, Imap, free_port, imap_server
from tests.drafts.mail_smtp import Delivered, Smtp, smtp_server

__all__ = [
    "ADDRESS",
    "PASSWORD",
    "Delivered",
    "Imap",
    "Smtp",
    "a_raw_mail",
    "connected",
    "free_port",
    "imap_server",
    "smtp_server",
    "wait_for",
]


def connected(shop: Business, imap: Imap | None = None, smtp: Smtp | None = None, **more: Any) -> Mailbox:
    """A mailbox of the shop that uses these servers, without TLS, and takes mail by webhook."""
    given: dict[str, Any] = {"name": "Corner Shop", "aliases": ["sales@corner-shop.example.com"]}
    given |= {"webhook_secret": seal(new_secret())}
    if imap is not None:
        given |= {
            "imap_host": "127.0.0.1",
            "imap_port": imap.port,
            "imap_security": "none",
            "imap_user": more.pop("imap_user", ADDRESS),
        }
        given |= {"imap_password": seal(PASSWORD), "sent_folder": "Sent"}
    if smtp is not None:
        given |= {"smtp_host": "127.0.0.1", "smtp_port": smtp.port, "smtp_security": "none"}
    address = more.pop("address", ADDRESS)
    return Mailbox.objects.update_or_create(business=shop, address=address, defaults=given | more)[0]


def a_raw_mail(
    text: str = "Where is my order HP-2041?",
    *,
    sender: str = "Anna Berg <anna@example.com>",
    to: str = ADDRESS,
    subject: str = "Order HP-2041",
    message_id: str = "",
    answers: str = "",
    references: str = "",
    **headers: str,
) -> bytes:
    """A plain mail as it comes off the wire. answers: the id it replies to, without brackets."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = datetime.datetime.now(datetime.UTC)
    message["Message-ID"] = f"<{message_id or os.urandom(8).hex() + '@example.com'}>"
    if answers:
        message["In-Reply-To"] = f"<{answers}>"
        message["References"] = references or f"<{answers}>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def wait_for(true: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What `true` gives as soon as it is something; asserts that it comes."""
    until = time.monotonic() + seconds
    while True:
        found = true()
        if found or time.monotonic() > until:
            assert found, "it did not come about in time"
            return found
        time.sleep(0.05)
