"""EDGE: who looks at the pages of mail, and what every template of them is given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.principals import actor_of
from apps.accounts.roles import Role, at_least
from apps.core.errors import GatehouseError, Invalid
from apps.drafts.models import Draft, Mailbox, Message, Thread

View = Callable[..., HttpResponse]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Who:
    """The person at the page, in the business they have entered."""

    user: User
    actor: str
    business_id: UUID
    role: str

    @property
    def may_write(self) -> bool:
        """Ask for another wording, draft again."""
        return at_least(self.role, Role.REVIEWER)

    @property
    def may_configure(self) -> bool:
        """Mailboxes, settings, sendings that are unsure, and what was masked."""
        return at_least(self.role, Role.ADMIN)


def who(request: HttpRequest) -> Who:
    """Raises PermissionDenied for somebody in no business."""
    seat = getattr(request, "seat", None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    user = cast(User, request.user)
    return Who(user, actor_of(user), seat.business_id, seat.role)


def _for(may: Callable[[Who], bool]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, **rest: Any) -> HttpResponse:
            person = who(request)
            if not may(person):
                raise PermissionDenied
            return view(request, person, **rest)

        return run

    return decorate


# Everybody in the business reads mail; reviewers write; admins configure. Anyone else gets 403.
for_members = _for(lambda person: True)
for_writers = _for(lambda person: person.may_write)
for_admins = _for(lambda person: person.may_configure)


def draft_or_404(person: Who, pk: UUID) -> Draft:
    rows = Draft.objects.filter(business_id=person.business_id, pk=pk)
    return _or_404(rows.select_related("thread", "thread__mailbox", "message").first())


def thread_or_404(person: Who, pk: UUID) -> Thread:
    return _or_404(Thread.objects.filter(business_id=person.business_id, pk=pk).select_related("mailbox").first())


def message_or_404(person: Who, pk: UUID) -> Message:
    return _or_404(Message.objects.filter(business_id=person.business_id, pk=pk).first())


def mailbox_or_404(person: Who, pk: UUID) -> Mailbox:
    return _or_404(Mailbox.objects.filter(business_id=person.business_id, pk=pk).first())


def _or_404(found: Row | None) -> Row:
    if found is None:
        raise Http404
    return found


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    shell = {**admin.site.each_context(request), "title": "Mail", "now": timezone.now()}
    return TemplateResponse(request, template, {**shell, "who": who(request), **context}, status=status)


def part(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A piece of a page, for a script that puts it into the page it has."""
    return TemplateResponse(request, template, {"who": who(request), "now": timezone.now(), **context}, status=status)


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks, for a part of the page it has."""
    return bool(request.htmx) or request.headers.get("x-part") == "1"  # type: ignore[attr-defined]


def carry_out(request: HttpRequest, act: Callable[[], object], well: str) -> bool:
    """Call an act; where it refuses, say why. Whether it was done."""
    try:
        with transaction.atomic():
            act()
    except GatehouseError as error:
        messages.error(request, plain_words(error))
        return False
    if well:
        messages.success(request, well)
    return True


def plain_words(error: GatehouseError) -> str:
    if isinstance(error, Invalid):
        return "; ".join(one["reason"] for one in error.errors)
    return error.detail
