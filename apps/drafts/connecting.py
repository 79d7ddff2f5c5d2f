"""ACT: try the servers of a mailbox as they are set; nothing is fetched, nothing is sent."""

from dataclasses import dataclass
from uuid import UUID

from apps.core.errors import GatehouseError, NotFound
from apps.drafts import imap, smtp
from apps.drafts.guarding import words_of
from apps.drafts.models import Mailbox


@dataclass(frozen=True, slots=True)
class Tested:
    """imap_ok, smtp_ok: None where none is set. folders: of the IMAP account."""

    imap_ok: bool | None
    imap_words: str
    smtp_ok: bool | None
    smtp_words: str
    folders: tuple[str, ...] = ()


def test_mailbox(*, mailbox_id: UUID) -> Tested:
    """Sign in at both servers. Raises NotFound. Takes up to two minutes with servers that do not answer."""
    mailbox = Mailbox.objects.filter(pk=mailbox_id).first()
    if mailbox is None:
        raise NotFound(f"There is no mailbox {mailbox_id}")
    imap_ok, imap_words, folders = _try_imap(mailbox)
    smtp_ok, smtp_words = _try_smtp(mailbox)
    return Tested(imap_ok, imap_words, smtp_ok, smtp_words, folders)


def _try_imap(mailbox: Mailbox) -> tuple[bool | None, str, tuple[str, ...]]:
    if not mailbox.imap_host:
        return None, "No IMAP server is set: mail comes by webhook or import only", ()
    try:
        with imap.signed_in(mailbox) as server:
            folders = server.names()
            server.look_into(mailbox.imap_folder)
            if mailbox.sent_folder:
                server.look_into(mailbox.sent_folder)
    except GatehouseError as error:
        return False, words_of(error) if isinstance(error, imap.MailServerError) else error.detail, ()
    return True, f"Signed in; {mailbox.imap_folder} can be read", folders


def _try_smtp(mailbox: Mailbox) -> tuple[bool | None, str]:
    if not mailbox.smtp_host:
        return None, "No SMTP server is set: the installation's mail server is used"
    try:
        with smtp.signed_in(mailbox) as server:
            server.noop()
    except GatehouseError as error:
        return False, error.detail
    return True, "Signed in"
