"""EDGE: the page of calibration: how well confidence fits, what thresholds would do, and the acts upon both."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.admin_site import may_administer
from apps.accounts.principals import Principal
from apps.approvals.page_context import person_of
from apps.core.errors import GatehouseError, Invalid
from apps.core.later import later
from apps.goals.gate_forms import ThresholdsForm
from apps.goals.pages import gate_page
from apps.tuning.auditing import set_share
from apps.tuning.page_context import (
    kinds_context,
    measures_context,
    simulation_context,
    thresholds_context,
)
from apps.tuning.proposing import installation, propose, standing_of, withdraw
from apps.tuning.reverting import revert
from apps.tuning.standing import Standing, number_in
from apps.tuning.tasks import refit_business


@require_GET
def calibration(request: HttpRequest) -> HttpResponse:
    """kind: of goals, nothing for all. high, medium: thresholds to try; without them those in force."""
    query = request.GET
    # What no kind can be called finds nothing; the null character would be an error of the database.
    kind = query.get("kind", "").replace("\x00", "")
    return _page(request, kind or None, query.get("high", ""), query.get("medium", ""))


@require_GET
def simulate(request: HttpRequest) -> HttpResponse:
    """The figures alone, for the sliders."""
    query = request.GET
    context = simulation_context(person_of(request).business_id, query.get("high", ""), query.get("medium", ""))
    return TemplateResponse(
        request, "tuning/simulation.html", context, status=422 if "simulation_error" in context else 200
    )


@require_POST
def refit_now(request: HttpRequest) -> HttpResponse:
    """On a worker, as it may take seconds; the page hears of its end."""
    by = _admin(request)
    later(refit_business, str(by.business_id), by.actor)
    messages.info(request, "The curves are being fitted. What came of it appears here by itself.")
    return _back(request)


@require_POST
def revert_curve(request: HttpRequest) -> HttpResponse:
    """kind; number: of the version to put in force, nothing for none of its own; reason."""
    by, given = _admin(request), request.POST
    number = given.get("number", "")
    _carry_out(
        request,
        lambda: revert(
            business_id=by.business_id,
            kind=given.get("kind", "").replace("\x00", ""),
            number=int(number) if number.isdecimal() else None,
            actor=by.actor,
            reason=given.get("reason", ""),
        ),
        "That curve holds from now on, in every process.",
    )
    return _back(request)


@require_POST
def audit_share(request: HttpRequest) -> HttpResponse:
    """percent: 0 to 100."""
    by = _admin(request)
    _carry_out(
        request,
        lambda: set_share(business_id=by.business_id, share=_percent(request), actor=by.actor),
        "Goals that end from now on are picked at this share.",
    )
    return _back(request)


@require_POST
def propose_thresholds(request: HttpRequest) -> HttpResponse:
    """high, medium, rounds, reason; follow: the installation's in place of these. from: gate, or this page."""
    by, given = _admin(request), request.POST
    from_gate = given.get("from") == "gate"
    try:
        with transaction.atomic():
            propose(by=by, wanted=_wanted(request, by), reason=given.get("reason", ""))
    except Invalid as error:
        if from_gate:
            return gate_page(request, _refused(request, error))
        messages.error(request, error.detail)
        return _page(request, None, given.get("high", ""), given.get("medium", ""), given.get("reason", ""))
    except GatehouseError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "Proposed. Another admin or owner decides it in the queue; nothing changes before.")
    return redirect("admin:gate") if from_gate else _back(request)


@require_POST
def withdraw_proposal(request: HttpRequest) -> HttpResponse:
    by = _admin(request)
    _carry_out(request, lambda: withdraw(business_id=by.business_id, actor=by.actor), "The proposal is withdrawn.")
    return redirect("admin:gate") if request.POST.get("from") == "gate" else _back(request)


def _admin(request: HttpRequest) -> Principal:
    if not may_administer(request):
        raise PermissionDenied
    return person_of(request)


def _carry_out(request: HttpRequest, act: Callable[[], object], well: str) -> None:
    try:
        with transaction.atomic():
            act()
    except GatehouseError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, well)


def _wanted(request: HttpRequest, by: Principal) -> Standing:
    """The thresholds of the form; rounds stay as they are where the form has none. Raises Invalid."""
    given = request.POST
    if "follow" in given:
        return installation()
    rounds = given.get("rounds", "")
    if rounds and not rounds.isdecimal():
        raise Invalid("rounds", "A whole number")
    return Standing(
        high=number_in(given.get("high", ""), "high"),
        medium=number_in(given.get("medium", ""), "medium"),
        rounds=int(rounds) if rounds else standing_of(by.business_id).rounds,
    )


def _percent(request: HttpRequest) -> float:
    try:
        return float(request.POST.get("percent", "")) / 100
    except ValueError:
        raise Invalid("share", "A number from 0 to 100") from None


def _refused(request: HttpRequest, error: Invalid) -> ThresholdsForm:
    """The gate's form as it was sent, with what is wrong beside its field."""
    form = ThresholdsForm(request.POST)
    form.is_valid()
    for one in error.errors:
        field = one["field"] if one["field"] in form.fields else None
        if field not in form.errors:
            form.add_error(field, one["reason"])
    return form


def _page(request: HttpRequest, kind: str | None, high: str, medium: str, reason: str = "") -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Calibration",
        **kinds_context(person_of(request).business_id, kind),
        **measures_context(person_of(request).business_id, kind),
        **thresholds_context(request, high, medium),
        "reason": reason,
    }
    return TemplateResponse(request, "tuning/calibration.html", context)


def _back(request: HttpRequest) -> HttpResponse:
    kind = request.POST.get("kind", "")
    query = f"?{urlencode({'kind': kind})}" if kind else ""
    return redirect(reverse("admin:calibration") + query)
