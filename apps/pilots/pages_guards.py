"""EDGE: guards and incidents: their forms and buttons."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import GatehouseError, Invalid
from apps.pilots.forms import tell_errors
from apps.pilots.forms_guard import GuardForm
from apps.pilots.guarding import arm_guard, change_guard, create_guard, remove_guard
from apps.pilots.incidents import acknowledge, close
from apps.pilots.models import Feature, Guard, Incident
from apps.pilots.page_context import operating, page, who

READ_AND_POST = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_POST)
@operating
def new_guard(request: HttpRequest, feature: Feature) -> HttpResponse:
    return _edit(
        request, feature, None, lambda values: create_guard(feature_id=feature.pk, actor=who(request).actor, **values)
    )


@require_http_methods(READ_AND_POST)
@operating
def guard_page(request: HttpRequest, feature: Feature, pk: UUID) -> HttpResponse:
    guard = _guard(feature, pk)
    return _edit(
        request, feature, guard, lambda values: change_guard(guard_id=guard.pk, actor=who(request).actor, **values)
    )


@require_POST
@operating
def guard_act(request: HttpRequest, feature: Feature, pk: UUID) -> HttpResponse:
    """do: arm or remove."""
    guard, actor = _guard(feature, pk), who(request).actor
    act: Callable[[], object]
    if request.POST.get("do") == "remove":
        act, well = (lambda: remove_guard(guard_id=guard.pk, actor=actor)), "The guard is gone. Its incidents stay."
    else:
        act, well = (lambda: arm_guard(guard_id=guard.pk, actor=actor)), "Armed: its evidence begins anew."
    _carry_out(request, act, well)
    return _back(feature, "guards")


@require_POST
@operating
def incident_act(request: HttpRequest, feature: Feature, pk: UUID) -> HttpResponse:
    """do: acknowledge or close; note."""
    if not Incident.objects.filter(feature=feature, pk=pk).exists():
        raise Http404
    actor, note = who(request).actor, request.POST.get("note", "")
    if request.POST.get("do") == "close":
        _carry_out(request, lambda: close(incident_id=pk, actor=actor, note=note), "The incident is closed.")
    else:
        _carry_out(request, lambda: acknowledge(incident_id=pk, actor=actor), "You look after it.")
    return _back(feature)


def _edit(
    request: HttpRequest, feature: Feature, guard: Guard | None, act: Callable[[dict[str, Any]], object]
) -> HttpResponse:
    if request.method != "POST":
        return _page(request, feature, guard, GuardForm(guard=guard))
    form = GuardForm(request.POST, guard=guard)
    if form.is_valid():
        try:
            with transaction.atomic():
                act(form.values)
        except Invalid as error:
            tell_errors(form, error)
        except GatehouseError as error:
            form.add_error(None, error.detail)
        else:
            messages.success(request, "The guard is armed.")
            return _back(feature, "guards")
    return _page(request, feature, guard, form, status=422)


def _guard(feature: Feature, pk: UUID) -> Guard:
    found = Guard.objects.filter(feature=feature, pk=pk).first()
    if found is None:
        raise Http404
    return found


def _carry_out(request: HttpRequest, act: Callable[[], object], well: str) -> None:
    try:
        with transaction.atomic():
            act()
    except Invalid as error:
        messages.error(request, error.errors[0]["reason"])
    except GatehouseError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, well)


def _page(
    request: HttpRequest, feature: Feature, guard: Guard | None, form: GuardForm, status: int = 200
) -> HttpResponse:
    return page(request, "pilots/guard_form.html", feature=feature, guard=guard, form=form, status=status)


def _back(feature: Feature, place: str = "") -> HttpResponse:
    return redirect(reverse("admin:feature", args=[feature.key]) + (f"#{place}" if place else ""))
