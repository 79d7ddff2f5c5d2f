"""ACT: who belongs to a business, and as what. Admins manage people; only owners make, change and remove owners."""

from uuid import UUID

from django.contrib.auth.models import UserManager
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from apps.accounts.models import Membership, User
from apps.accounts.principals import Principal
from apps.accounts.roles import Role, may_manage
from apps.core.errors import Invalid, NotAllowed, NotFound, StaleState
from apps.core.events import record
from apps.core.later import later

INVITE = "apps.accounts.tasks.send_invitation"


def add_member(*, by: Principal, email: str, role: str, first_name: str = "", last_name: str = "") -> Membership:
    """Give a person a role in the business of `by`; without an account they get one, and a mail to choose a password.

    Raises Invalid (email, role), NotAllowed, StaleState (belongs to it already).
    """
    role = _known(role)
    _demand(by, role)
    with transaction.atomic():
        user = _user_of(email, first_name, last_name)
        try:
            with transaction.atomic():
                membership = Membership.objects.create(business_id=by.business_id, user=user, role=role)
        except IntegrityError:
            raise StaleState(f"{user.email} belongs to this business already") from None
        _record("member.added", membership, by, role=role)
        later(INVITE, str(user.pk), str(by.business_id))
    return membership


def change_role(*, by: Principal, membership_id: UUID, role: str) -> Membership:
    """Raises Invalid (no such role, the last owner), NotAllowed, NotFound."""
    role = _known(role)
    with transaction.atomic():
        membership = _locked(by, membership_id)
        before = membership.role
        _demand(by, before, role)
        if before == role:
            return membership
        if before == Role.OWNER:
            _keep_an_owner(by.business_id, membership)
        membership.role = role
        membership.save(update_fields=["role"])
        _record("member.role_changed", membership, by, changes={"role": [before, role]})
    return membership


def remove_member(*, by: Principal, membership_id: UUID) -> None:
    """The person keeps the account and the decisions made; the next request finds no seat. Raises as change_role."""
    with transaction.atomic():
        membership = _locked(by, membership_id)
        _demand(by, membership.role)
        if membership.role == Role.OWNER:
            _keep_an_owner(by.business_id, membership)
        _record("member.removed", membership, by, role=membership.role)
        membership.delete()


def _known(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise Invalid("role", f"One of {', '.join(Role)}") from None


def _demand(by: Principal, *roles_concerned: str) -> None:
    if not may_manage(by.role, *roles_concerned):
        raise NotAllowed("Only an owner may do this" if Role.OWNER in roles_concerned else "Only an admin may do this")


def _user_of(email: str, first_name: str, last_name: str) -> User:
    email = UserManager.normalize_email(email.strip())
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid("email", "This is not an address") from None
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(username=email[:150], email=email, first_name=first_name, last_name=last_name)
    return user


def _locked(by: Principal, membership_id: UUID) -> Membership:
    # All rows of the business are locked, in one order, so that two owners cannot remove each other at once.
    rows = Membership.objects.select_for_update().filter(business_id=by.business_id).order_by("id")
    for membership in rows.select_related("user").select_for_update(of=("self",)):
        if membership.pk == membership_id:
            return membership
    raise NotFound("There is no such person in this business")


def _keep_an_owner(business_id: UUID, leaving: Membership) -> None:
    others = Membership.objects.filter(business_id=business_id, role=Role.OWNER).exclude(pk=leaving.pk)
    if not others.filter(user__is_active=True).exists():
        raise Invalid("role", "A business keeps at least one owner: name another one first")


def _record(kind: str, membership: Membership, by: Principal, **data: object) -> None:
    record(
        kind=kind,
        subject_type="membership",
        subject_id=membership.pk,
        business_id=membership.business_id,
        actor=by.actor,
        person=membership.user.email,
        **data,
    )
