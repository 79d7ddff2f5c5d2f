"""EDGE: who looks at the pages of workflows, and what every template of them is given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.principals import actor_of
from apps.accounts.roles import Role, at_least
from apps.workflows.models import Run, Workflow

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Who:
    """The person at the page, in the business they have entered."""

    user: User
    actor: str
    business_id: UUID
    role: str

    @property
    def may_run(self) -> bool:
        """Start runs by hand, and cancel, resume and retry them: who may start may also stop."""
        return at_least(self.role, Role.REVIEWER)

    @property
    def may_define(self) -> bool:
        """Add workflows, configure them, turn them on and off."""
        return at_least(self.role, Role.ADMIN)


def who(request: HttpRequest) -> Who:
    """Raises PermissionDenied for somebody in no business."""
    seat = getattr(request, "seat", None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    user = cast(User, request.user)
    return Who(user, actor_of(user), seat.business_id, seat.role)


def for_members(view: View) -> View:
    """For everybody in the business: workflows and runs are looked at by all."""

    @wraps(view)
    def run(request: HttpRequest, **rest: Any) -> HttpResponse:
        return view(request, who(request), **rest)

    return run


def for_runners(view: View) -> View:
    """For those who may start runs; anyone else gets 403."""

    @wraps(view)
    def run(request: HttpRequest, **rest: Any) -> HttpResponse:
        person = who(request)
        if not person.may_run:
            raise PermissionDenied
        return view(request, person, **rest)

    return run


def for_definers(view: View) -> View:
    """For those who may configure workflows; anyone else gets 403."""

    @wraps(view)
    def run(request: HttpRequest, **rest: Any) -> HttpResponse:
        person = who(request)
        if not person.may_define:
            raise PermissionDenied
        return view(request, person, **rest)

    return run


def workflow_or_404(person: Who, key: str) -> Workflow:
    """The workflow of the business. A null character, which the database would refuse, names none."""
    found = None if "\0" in key else Workflow.objects.filter(business_id=person.business_id, key=key).first()
    if found is None:
        raise Http404
    return found


def run_or_404(person: Who, pk: UUID) -> Run:
    found = Run.objects.filter(business_id=person.business_id, pk=pk).select_related("workflow").first()
    if found is None:
        raise Http404
    return found


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    shell = {**admin.site.each_context(request), "title": "Workflows", "now": timezone.now()}
    return TemplateResponse(request, template, {**shell, "who": who(request), **context}, status=status)


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks for the page only to renew parts of the one it has."""
    return request.headers.get("x-part") == "1"
