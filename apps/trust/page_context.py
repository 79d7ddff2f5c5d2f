"""EDGE: what the pages of trust have in common: the business, its agents, and whether anything is learned there."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.accounts.admin_site import may_administer
from apps.accounts.principals import Principal
from apps.agents.models import Agent
from apps.approvals.page_context import person_of
from apps.core.errors import GatehouseError
from apps.trust.switch import is_learning

SHOWN = ("id", "key", "name", "types", "enabled", "disabled_reason", "disabled_by", "disabled_at")


def business_of(request: HttpRequest) -> UUID:
    """Raises PermissionDenied for somebody in no business."""
    seat = getattr(request, "seat", None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    return seat.business_id


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    shared = {
        **admin.site.each_context(request),
        "title": "Trust",
        "learning_on": is_learning(business_of(request)),
        "may_change": may_administer(request),
    }
    return TemplateResponse(request, template, shared | context, status=status)


def part(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A part of a page, without the shell around it."""
    shared = {"learning_on": is_learning(business_of(request)), "may_change": may_administer(request)}
    return TemplateResponse(request, template, shared | context, status=status)


def admin_of(request: HttpRequest) -> Principal:
    """The signed-in person, who must be an admin of the business. Raises PermissionDenied."""
    if not may_administer(request):
        raise PermissionDenied
    return person_of(request)


def carry_out(request: HttpRequest, act: Callable[[], object], well: str) -> bool:
    """Carry an act out and say how it went; whether it went well."""
    try:
        with transaction.atomic():
            act()
    except GatehouseError as error:
        messages.error(request, error.detail)
        return False
    messages.success(request, well)
    return True


def agents_of(business_id: UUID) -> list[Agent]:
    return list(Agent.objects.filter(business_id=business_id).only(*SHOWN).order_by("key"))


def text_in(values: Mapping[str, str], name: str, most: int = 80) -> str:
    """A value of a query string; what no column can hold finds nothing and must not be an error of the database."""
    return values.get(name, "").replace("\x00", "").strip()[:most]


def number_in(values: Mapping[str, str], name: str, usual: int) -> int:
    given = values.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 6 else usual
