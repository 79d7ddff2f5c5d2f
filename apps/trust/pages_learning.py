"""EDGE: the learning page: what was learned and how well it held, a cycle on demand, thresholds to try, settings."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.admin_site import may_administer
from apps.accounts.principals import actor_of
from apps.approvals.page_context import user_of
from apps.core.errors import GatehouseError
from apps.trust.choosing import CHOICES, choose_settings, settings_of
from apps.trust.forms import SettingsForm
from apps.trust.learning import start_cycle
from apps.trust.models import LearningCycle
from apps.trust.page_context import admin_of, business_of, carry_out, page, part
from apps.trust.page_context_learned import health_context, reviewers_context, whatif_context
from apps.trust.page_context_learning import KINDS, history_context, now_context


@require_safe
def learning_page(request: HttpRequest) -> HttpResponse:
    """before: id of the last cycle of the page before; critical, low, disable: thresholds to try;

    reviewers: with their reliability at once.
    """
    return _page(request)


@require_safe
def now_part(request: HttpRequest) -> HttpResponse:
    """The widget alone, asked for once a second while a cycle runs."""
    return part(request, "trust/learning_now.html", **now_context(business_of(request), timezone.now()))


@require_safe
def whatif_part(request: HttpRequest) -> HttpResponse:
    """critical, low, disable: the figures for thresholds alone, for the sliders."""
    context = whatif_context(business_of(request), timezone.now(), request.GET)
    return part(request, "trust/whatif.html", status=422 if "whatif_error" in context else 200, **context)


@require_safe
def reviewers_part(request: HttpRequest) -> HttpResponse:
    """How reliable reviewers are: asked for once it comes into view."""
    return part(request, "trust/reviewers.html", **_reviewers(request))


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """kind: of the cycle. 409 with the reason where one runs already."""
    by, kind = admin_of(request), request.POST.get("kind", "")
    try:
        start_cycle(
            business_id=by.business_id,
            kind=kind if kind in KINDS else LearningCycle.Kind.INCREMENTAL.value,
            started_by=by.actor,
        )
    except GatehouseError as error:
        return _page(request, status=error.status, refused=error.detail)
    messages.success(request, "A cycle has begun. How far it has come is shown below.")
    return redirect("admin:learning")


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """keep_reasoning, may_disable, min_evidence."""
    by, form = admin_of(request), SettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, status=422, settings_form=form)
    chosen = form.cleaned_data
    carry_out(
        request,
        lambda: choose_settings(business_id=by.business_id, actor=by.actor, **chosen),
        "Saved. Evidence is counted by it from the next cycle on.",
    )
    return redirect("admin:learning")


def _page(request: HttpRequest, *, status: int = 200, **changed: Any) -> HttpResponse:
    business_id, now = business_of(request), timezone.now()
    chosen = settings_of(business_id)
    found = now_context(business_id, now)
    latest = found["latest"]
    context = {
        **found,
        **history_context(business_id, now, request.GET.get("before", "")),
        **health_context(business_id, now),
        **whatif_context(business_id, now, request.GET),
        "verdict": latest.row.accuracy.get("words", "") if latest else "",
        "kinds": KINDS.items(),
        "settings_form": SettingsForm(initial={name: getattr(chosen, name) for name in CHOICES}),
    }
    if "reviewers" in request.GET:
        context |= _reviewers(request)
    return page(request, "trust/learning.html", status=status, title="Learning cycles", **context | changed)


def _reviewers(request: HttpRequest) -> dict[str, Any]:
    """Admins see everybody; how others judge is nobody else's business."""
    only = "" if may_administer(request) else actor_of(user_of(request))
    return reviewers_context(business_of(request), timezone.now(), only=only)
