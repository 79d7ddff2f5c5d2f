"""ACT: show what was masked: to admins only, and never without a word in the audit."""

from uuid import UUID

from django.db import transaction

from apps.accounts.principals import Principal
from apps.accounts.roles import Role, at_least
from apps.core.errors import NotAllowed, NotFound
from apps.core.events import record
from apps.core.sealing import unseal
from apps.drafts.models import Message, Redaction


def reveal_redaction(*, redaction_id: UUID, by: Principal) -> str:
    """The original of one masked piece. Raises NotFound, NotAllowed, CannotUnseal."""
    _may_look(by)
    with transaction.atomic():
        row = Redaction.objects.filter(business_id=by.business_id, pk=redaction_id).first()
        if row is None:
            raise NotFound
        original = unseal(row.sealed)
        _tell(by, "draft", row.draft_id, what="redaction", id=str(row.pk), data_kind=row.kind, masked=row.masked)
    return original


def reveal_message(*, message_id: UUID, by: Principal) -> Message:
    """A message that may be shown with nothing masked, this once. Raises NotFound, NotAllowed."""
    _may_look(by)
    with transaction.atomic():
        row = Message.objects.filter(business_id=by.business_id, pk=message_id).first()
        if row is None:
            raise NotFound
        _tell(by, "thread", row.thread_id, what="message", id=str(row.pk))
    return row


def _may_look(by: Principal) -> None:
    if not at_least(by.role, Role.ADMIN):
        raise NotAllowed("Only admins see what is masked")


def _tell(by: Principal, subject_type: str, subject_id: UUID, **data: str) -> None:
    record(
        kind="personal_data.revealed",
        subject_type=subject_type,
        subject_id=subject_id,
        business_id=by.business_id,
        actor=by.actor,
        **data,
    )
