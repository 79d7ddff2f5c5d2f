"""EDGE: the page of one goal, and the page of the gate: its switches and thresholds."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from apps.accounts.admin_site import is_superuser, may_administer
from apps.accounts.principals import actor_of
from apps.approvals.page_context import factor_bars
from apps.core.errors import GatehouseError
from apps.core.models import Event
from apps.goals.configuration import configuration_of
from apps.goals.gate_forms import ThresholdsForm
from apps.goals.models import Goal
from apps.goals.switches import clear_switch, refuse_unless_theirs, set_switch, switches_of
from apps.workflows.models import Run

MOST_EVENTS = 100


def goal_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything about one goal: verdict, reasons, result, and what happened to it."""
    goal = Goal.objects.filter(pk=pk).first()
    if goal is None:
        raise Http404
    events = Event.objects.filter(subject_type="goal", subject_id=str(pk)).order_by("id")[:MOST_EVENTS]
    return _render(
        request,
        "goals/goal.html",
        title="Goal",
        goal=goal,
        factors=factor_bars(goal.factors),
        checks=goal.checks.get("checks", []),
        history=events,
        run=Run.objects.filter(subject_id=pk).first(),
    )


def gate_page(request: HttpRequest, form: ThresholdsForm | None = None) -> HttpResponse:
    """Switches and thresholds as they hold here, where each comes from, and buttons for those who may change them."""
    business_id = _business(request)
    configuration = configuration_of(business_id)
    return _render(
        request,
        "goals/gate.html",
        title="Gate",
        switches=switches_of(business_id),
        configuration=configuration,
        middle=round(configuration.thresholds.high - configuration.thresholds.medium, 4),
        upper=round(1 - configuration.thresholds.high, 4),
        form=form or ThresholdsForm.showing(configuration),
        own_thresholds=ThresholdsForm.has_own(business_id),
        installation=(settings.HIGH_CONFIDENCE_THRESHOLD, settings.MEDIUM_CONFIDENCE_THRESHOLD),
        may_change=may_administer(request),
        may_change_all=is_superuser(request),
    )


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """name; to: on, off or follow; for: business or installation."""
    everywhere, root = request.POST.get("for") == "installation", is_superuser(request)
    if not (root or (may_administer(request) and not everywhere)):
        raise PermissionDenied
    whose: dict[str, Any] = {"business_id": None if everywhere else _business(request), "actor": _actor(request)}
    name, to = request.POST.get("name", ""), {"on": True, "follow": None}.get(request.POST.get("to", ""), False)
    try:
        if not root:
            refuse_unless_theirs(name=name, business_id=whose["business_id"], to=to)
        if to is None:
            clear_switch(name=name, **whose)
        else:
            set_switch(name=name, on=to, **whose)
    except GatehouseError as error:
        messages.error(request, error.detail)
    return redirect("admin:gate")


def _business(request: HttpRequest) -> UUID:
    seat = getattr(request, "seat", None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    return seat.business_id


def _actor(request: HttpRequest) -> str:
    return actor_of(request.user)  # type: ignore[arg-type]


def _render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
