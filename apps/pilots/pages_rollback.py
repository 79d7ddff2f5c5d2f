"""EDGE: take a feature back: whom it would be taken from, a rehearsal, the thing itself, what came of it, and undo."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Business
from apps.core.errors import GatehouseError, Invalid
from apps.pilots.forms import ReasonForm, RollbackForm, tell_errors
from apps.pilots.ladder import AdvanceState, Level
from apps.pilots.models import Advance, Feature, Rollback, RolledBack
from apps.pilots.page_context import operating, page, uuid_or_none, who
from apps.pilots.reach import affected_by
from apps.pilots.rollback import confirm_effect, roll_back
from apps.pilots.undoing import undo

MOST_NAMES = 200
# What an act calls a field, and what the form calls it.
FIELDS = {"from": "since", "to": "until"}


@dataclass(frozen=True, slots=True)
class Target:
    """What would be taken back. business: at its level."""

    level: Level
    business: Business | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@operating
def rollback_page(request: HttpRequest, feature: Feature) -> HttpResponse:
    """level, business; since, until; do: look, rehearse or now."""
    target = _target(request)
    if request.method != "POST":
        return _page(request, feature, target, _form_for(request, feature, target))
    form = RollbackForm(request.POST, cohort=target.level is Level.COHORT)
    do = request.POST.get("do", "look")
    if do == "look":
        form.is_valid()
        form.errors.pop("reason", None)
        return _page(request, feature, target, form, status=422 if form.errors else 200)
    if not form.is_valid():
        return _page(request, feature, target, form, status=422)
    try:
        with transaction.atomic():
            found = roll_back(
                feature_id=feature.pk,
                level=target.level,
                reason=form.cleaned_data["reason"],
                actor=who(request).actor,
                business_id=target.business.pk if target.business else None,
                cohort=_cohort(form),
                rehearse=do != "now",
            )
    except GatehouseError as error:
        _tell(form, error)
        feature.refresh_from_db()
        return _page(request, feature, target, form, status=error.status)
    # Every process hears of it at commit; how soon they had is told by the page that comes next.
    transaction.on_commit(partial(_confirm, found), robust=True)
    return redirect("admin:feature-rolled-back", feature.key, found.pk)


@require_safe
@operating
def rolled_back_page(request: HttpRequest, feature: Feature, pk: UUID) -> HttpResponse:
    """What a rollback, or its rehearsal, did."""
    return _result(request, feature, _rollback(feature, pk), ReasonForm())


@require_POST
@operating
def undo_rollback(request: HttpRequest, feature: Feature, pk: UUID) -> HttpResponse:
    rollback, form = _rollback(feature, pk), ReasonForm(request.POST)
    if not form.is_valid():
        return _result(request, feature, rollback, form, status=422)
    try:
        with transaction.atomic():
            undo(rollback_id=pk, reason=form.cleaned_data["reason"], actor=who(request).actor)
    except GatehouseError as error:
        form.add_error(None, error.detail)
        return _result(request, feature, _rollback(feature, pk), form, status=error.status)
    messages.success(request, "Undone: everything is as it was before.")
    return redirect("admin:feature", feature.key)


def _confirm(rollback: Rollback) -> None:
    confirm_effect(rollback)


def _target(request: HttpRequest) -> Target:
    asked = request.POST if request.method == "POST" else request.GET
    level = asked.get("level", Level.EVERYTHING)
    if level not in {one.value for one in Level}:
        raise Http404
    if level != Level.BUSINESS:
        return Target(Level(level))
    pk = uuid_or_none(asked.get("business", ""))
    business = Business.objects.filter(pk=pk).first() if pk else None
    if business is None:
        raise Http404
    return Target(Level.BUSINESS, business)


def _form_for(request: HttpRequest, feature: Feature, target: Target) -> RollbackForm:
    """With the moments of the query, else from the last step on until now."""
    if target.level is not Level.COHORT:
        return RollbackForm(cohort=False)
    cohorts = _cohorts(feature)
    usual = {"since": cohorts[-1]["since"], "until": cohorts[-1]["until"]}
    asked = {name: request.GET[name] for name in usual if name in request.GET}
    return RollbackForm(initial=usual | asked, cohort=True)


def _cohorts(feature: Feature) -> list[dict[str, Any]]:
    """Since each stage was entered, until the next was: the stretches of time people think in."""
    steps = list(Advance.objects.filter(feature=feature, state=AdvanceState.DONE).order_by("done_at"))
    # Their own second has passed for those who got it just now.
    end = timezone.now() + timedelta(seconds=1)
    begun: list[tuple[str, datetime]] = [("Since it was made", feature.created_at)]
    begun += [(f"At stage {step.to_stage}", step.done_at) for step in steps if step.done_at]
    ends = [*(at for _, at in begun[1:]), end]
    return [{"words": words, "since": at, "until": until} for (words, at), until in zip(begun, ends, strict=True)]


def _cohort(form: RollbackForm) -> tuple[datetime, datetime] | None:
    data = form.cleaned_data
    return (data["since"], data["until"]) if "since" in form.fields else None


def _affected(feature: Feature, target: Target, form: RollbackForm) -> list[UUID] | None:
    """The businesses it would be taken from; None while it is not known when they got it."""
    cohort = None
    if target.level is Level.COHORT:
        moments = [_moment(form, name) for name in ("since", "until")]
        if None in moments:
            return None
        cohort = (moments[0], moments[1])
    business_id = target.business.pk if target.business else None
    return affected_by(feature, level=target.level, business_id=business_id, cohort=cohort)  # type: ignore[arg-type]


def _moment(form: RollbackForm, name: str) -> datetime | None:
    if form.is_bound:
        return getattr(form, "cleaned_data", {}).get(name)
    value = form.initial[name]
    try:
        return value if isinstance(value, datetime) else form.fields[name].to_python(value)
    except Exception:
        return None


def _tell(form: RollbackForm, error: GatehouseError) -> None:
    if isinstance(error, Invalid):
        named = [{**one, "field": FIELDS.get(one["field"], one["field"])} for one in error.errors]
        tell_errors(form, Invalid(errors=named))
    else:
        form.add_error(None, error.detail)


def _rollback(feature: Feature, pk: UUID) -> Rollback:
    found = Rollback.objects.filter(feature=feature, pk=pk).select_related("target").first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, feature: Feature, target: Target, form: RollbackForm, status: int = 200
) -> HttpResponse:
    affected = _affected(feature, target, form)
    names = Business.objects.filter(pk__in=affected or []).order_by("name", "pk").values_list("name", flat=True)
    return page(
        request,
        "pilots/rollback.html",
        feature=feature,
        target=target,
        form=form,
        affected=len(affected) if affected is not None else None,
        names=list(names[:MOST_NAMES]),
        cohorts=_cohorts(feature) if target.level is Level.COHORT else [],
        all_count=Business.objects.count(),
        address=reverse("admin:feature-rollback", args=[feature.key]),
        status=status,
    )


def _result(
    request: HttpRequest, feature: Feature, rollback: Rollback, form: ReasonForm, status: int = 200
) -> HttpResponse:
    rows = RolledBack.objects.filter(rollback=rollback).order_by("business__name", "business")
    return page(
        request,
        "pilots/rolled_back.html",
        feature=feature,
        rollback=rollback,
        names=list(rows.values_list("business__name", flat=True)[:MOST_NAMES]),
        name_count=rows.count(),
        form=form,
        status=status,
    )
