"""ACT: a business adds a mailbox, alters it, turns it on and off, and has its webhook's secret made anew.

Passwords go in and never come out: they are sealed at once, and no page shows them.
"""

import re
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound
from apps.core.events import record
from apps.core.sealing import seal
from apps.core.signing import new_secret
from apps.drafts.models import Mailbox, MailGrant
from apps.drafts.sign_ins import SignIn, servers_of

MOST_MAILBOXES = 50
MOST_ALIASES = 50
PASSWORDS = ("imap_password", "smtp_password")
PLAIN = (
    "address", "name", "aliases", "signature", "sign_in", "imap_host", "imap_port", "imap_security", "imap_user",
    "imap_folder", "sent_folder", "after_fetch", "smtp_host", "smtp_port", "smtp_security", "smtp_user",
    "removes_duplicates",
)  # fmt: skip
# Another server or folder numbers its messages anew: what was seen of the old one says nothing of the new.
_PLACE = ("imap_host", "imap_user", "imap_folder")
# An access is given for these servers and this account; another server must not be told it.
_ACCESS = ("sign_in", "imap_host", "imap_user", "smtp_host", "smtp_user")
_SERVERS, _PORTS = ("imap_host", "smtp_host"), ("imap_port", "smtp_port")
_LINES = ("imap_folder", "sent_folder", "imap_user", "smtp_user", "name")
# A name, or an address with or without brackets; never a path, a space or a line break.
_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]_]{1,253}\Z")


def add_mailbox(*, business_id: UUID, actor: str, given: dict[str, Any]) -> Mailbox:
    """given: some of PLAIN, address at least, and of PASSWORDS in plain. Raises Invalid naming the field."""
    values = _with_servers(_checked(given))
    if not values.get("address"):
        raise Invalid("address", "An address is needed: replies come from it")
    try:
        with transaction.atomic():
            if Mailbox.objects.filter(business_id=business_id).count() >= MOST_MAILBOXES:
                raise Invalid("", f"A business has at most {MOST_MAILBOXES} mailboxes")
            due = timezone.now() if values.get("imap_host") else None
            mailbox = Mailbox.objects.create(business_id=business_id, next_look_at=due, **values)
            _tell(mailbox, "mailbox.added", actor, address=mailbox.address)
    except IntegrityError:
        raise Invalid("address", "There is a mailbox with this address already") from None
    return mailbox


def alter_mailbox(*, mailbox_id: UUID, actor: str, given: dict[str, Any]) -> Mailbox:
    """Change the given fields. A password of "" takes it away; one that is left out stays. Raises NotFound, Invalid.

    A password that is kept is not told another server: it must be given again. Where another server, account or way to
    sign in is set, the access that a person gave is forgotten.
    """
    values = _checked(given)
    try:
        with transaction.atomic():
            mailbox = _locked(mailbox_id)
            if "sign_in" in values and values["sign_in"] != mailbox.sign_in:
                values = _with_servers(values)
            _ask_again(mailbox, values)
            changed = [name for name, value in values.items() if getattr(mailbox, name) != value]
            if any(name in _PLACE for name in changed):
                values |= {"uid_validity": None, "last_uid": 0}
            values |= {"failures": 0, "last_error": "", "next_look_at": timezone.now()} if changed else {}
            for name, value in values.items():
                setattr(mailbox, name, value)
            mailbox.save(update_fields=list(values))
            if any(name in _ACCESS for name in changed):
                MailGrant.objects.filter(mailbox=mailbox).delete()
            if changed:
                _tell(mailbox, "mailbox.changed", actor, fields=changed)
    except IntegrityError:
        raise Invalid("address", "There is a mailbox with this address already") from None
    return mailbox


def turn_mailbox(*, mailbox_id: UUID, actor: str, on: bool) -> None:
    """Off: its mail is not fetched, posted mail is refused. What is on its way out still goes. Raises NotFound."""
    with transaction.atomic():
        mailbox = _locked(mailbox_id)
        if mailbox.enabled is on:
            return
        fields: dict[str, Any] = {"enabled": on}
        if on:
            fields |= {"failures": 0, "last_error": "", "next_look_at": timezone.now()}
        Mailbox.objects.filter(pk=mailbox.pk).update(**fields)
        _tell(mailbox, "mailbox.turned_on" if on else "mailbox.turned_off", actor, address=mailbox.address)


def renew_webhook_secret(*, mailbox_id: UUID, actor: str) -> str:
    """A fresh secret in place of the old, which is refused from now on; it is shown now and never again."""
    secret = new_secret()
    with transaction.atomic():
        mailbox = _locked(mailbox_id)
        Mailbox.objects.filter(pk=mailbox.pk).update(webhook_secret=seal(secret))
        _tell(mailbox, "mailbox.secret_renewed", actor, address=mailbox.address)
    return secret


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises Invalid for the first that is wrong."""
    if strange := sorted(set(given) - {*PLAIN, *PASSWORDS}):
        raise Invalid(strange[0], "There is no such field")
    check_storable(given, "")
    for name, value in given.items():
        if problem := _problem(name, value):
            raise Invalid(name, problem)
    values = {name: value for name, value in given.items() if name in PLAIN}
    return values | {name: seal(given[name]) if given[name] else "" for name in PASSWORDS if name in given}


def _ask_again(mailbox: Mailbox, values: dict[str, Any]) -> None:
    """Else whoever may set a server could read a password there that they were never shown."""
    needed = values.get("sign_in", mailbox.sign_in) == SignIn.PASSWORD
    for host, password in zip(_SERVERS, PASSWORDS, strict=True):
        moved = values.get(host) and values[host].lower() != getattr(mailbox, host).lower()
        if moved and getattr(mailbox, password) and password not in values:
            if needed:
                raise Invalid(password, "Type it again: it is not given to another server than it was set for")
            values[password] = ""


def _with_servers(values: dict[str, Any]) -> dict[str, Any]:
    """With the provider's own servers where none are given."""
    usual = servers_of(values.get("sign_in", SignIn.PASSWORD))
    for host in _SERVERS:
        if usual and not values.get(host):
            values |= {name: value for name, value in usual.items() if name.startswith(host[:5])}
    return values


def _problem(name: str, value: Any) -> str:
    if name in _SERVERS:
        return "The name of a server, such as mail.example.com" if value and not _HOST.match(value) else ""
    if name in _PORTS:
        return "" if 1 <= int(value) <= 65535 else "A number from 1 to 65535"
    if name == "aliases":
        return f"At most {MOST_ALIASES}" if len(value) > MOST_ALIASES else ""
    if name == "sign_in":
        return "" if value in set(SignIn) else "There is no such way to sign in"
    if name in _LINES:
        return "A single line without control characters" if any(ord(sign) < 32 for sign in value or "") else ""
    return ""


def _locked(mailbox_id: UUID) -> Mailbox:
    mailbox = Mailbox.objects.select_for_update().filter(pk=mailbox_id).first()
    if mailbox is None:
        raise NotFound
    return mailbox


def _tell(mailbox: Mailbox, kind: str, actor: str, **data: Any) -> None:
    record(
        kind=kind, subject_type="mailbox", subject_id=mailbox.pk, business_id=mailbox.business_id, actor=actor, **data
    )
