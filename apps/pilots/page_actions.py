"""EDGE: what a person does on the pages of features. Each is a POST that works with and without scripts."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.admin_site import may_administer
from apps.core.errors import GatehouseError, Invalid, NotFound
from apps.pilots.defining import archive_feature, restore_feature
from apps.pilots.forms import AdvanceForm, tell_errors
from apps.pilots.models import Feature
from apps.pilots.own_switching import own_features, turn_own
from apps.pilots.page_context import for_admins, is_part, operating, page, principal_of, who
from apps.pilots.page_stages import stages_context
from apps.pilots.pages import show_feature
from apps.pilots.rosters import row_of
from apps.pilots.switching import follow_rollout, set_default, switch_off, switch_on
from apps.pilots.widening import ask_to_advance, withdraw_advance


@require_POST
@operating
def turn(request: HttpRequest, feature: Feature, pk: UUID) -> HttpResponse:
    """to: on, off, or follow (the rollout); notes. Answers with the row as it is then."""
    to, notes, actor = request.POST.get("to"), request.POST.get("notes", ""), who(request).actor
    one: dict[str, Any] = {"feature_id": feature.pk, "business_id": pk, "actor": actor}
    acts: dict[str, Callable[[], object]] = {
        "on": lambda: switch_on(**one, notes=notes),
        "off": lambda: switch_off(**one, reason=notes),
        "hold": lambda: switch_off(**one, reason=notes, hold=True),
        "follow": lambda: follow_rollout(**one),
    }
    if to not in acts:
        raise Http404
    refused = _refusal(acts[to])
    return _row(request, feature, pk, refused)


@require_POST
@for_admins
def turn_own_feature(request: HttpRequest, key: str) -> HttpResponse:
    """to: on or off, for the business of the person."""
    person = who(request)
    if person.business_id is None or not may_administer(request):
        raise PermissionDenied
    business_id = person.business_id
    own = next((one for one in own_features(business_id, key=key) if one.self_service), None)
    if own is None:
        raise Http404
    on, feature_id = request.POST.get("to") == "on", own.id
    refused = _refusal(lambda: turn_own(feature_id=feature_id, business_id=business_id, on=on, actor=person.actor))
    if not is_part(request):
        _say(request, refused, "")
        return redirect("admin:features")
    now = next(iter(own_features(business_id, key=key)), own)
    return page(request, "pilots/own_row.html", own=now, refused=refused, status=409 if refused else 200)


@require_POST
@operating
def choose_default(request: HttpRequest, feature: Feature) -> HttpResponse:
    """variant: a name; "" for what the environment says."""
    variant = request.POST.get("variant", "")
    refused = _refusal(lambda: set_default(feature_id=feature.pk, variant=variant, actor=who(request).actor))
    _say(request, refused, "The default holds from now on, in every process.")
    return _back(feature, "businesses")


@require_POST
@operating
def advance(request: HttpRequest, feature: Feature) -> HttpResponse:
    """Ask for the next stage: due_at, override_reason."""
    form = AdvanceForm(request.POST)
    if not form.is_valid():
        return show_feature(request, feature, advance=form, status=422)
    try:
        with transaction.atomic():
            ask_to_advance(
                feature_id=feature.pk,
                by=principal_of(request, feature),
                override_reason=form.cleaned_data["override_reason"],
                due_at=form.cleaned_data["due_at"],
            )
    except GatehouseError as error:
        feature.refresh_from_db()
        if isinstance(error, Invalid):
            tell_errors(form, error)
        else:
            form.add_error(*_refused_step(request, feature, error))
        return show_feature(request, feature, advance=form, status=error.status)
    messages.success(request, "Asked. Another admin or owner decides it in the queue; nothing changes before.")
    return _back(feature, "stages")


@require_POST
@operating
def withdraw(request: HttpRequest, feature: Feature) -> HttpResponse:
    refused = _refusal(lambda: withdraw_advance(feature_id=feature.pk, actor=who(request).actor))
    _say(request, refused, "The step is withdrawn.")
    return _back(feature, "stages")


@require_POST
@operating
def archive(request: HttpRequest, feature: Feature) -> HttpResponse:
    """to: archive or restore."""
    act = restore_feature if request.POST.get("to") == "restore" else archive_feature
    refused = _refusal(lambda: act(feature_id=feature.pk, actor=who(request).actor))
    well = "Restored, exactly as it was." if act is restore_feature else "Archived. Nothing of it is lost."
    _say(request, refused, well)
    return _back(feature)


def _refused_step(request: HttpRequest, feature: Feature, error: GatehouseError) -> tuple[str | None, str]:
    """(field, words). Where an owner has only to say why, that is asked for beside the field."""
    progress = stages_context(feature, timezone.now())["progress"]
    is_owners = who(request).is_owner and progress.unmet and not progress.blocked and not progress.open
    return ("override_reason", f"Say why. {error.detail}") if is_owners else (None, error.detail)


def _row(request: HttpRequest, feature: Feature, pk: UUID, refused: str) -> HttpResponse:
    if not is_part(request):
        _say(request, refused, "")
        query = request.GET.urlencode()
        return redirect(f"{reverse('admin:feature', args=[feature.key])}{f'?{query}' if query else ''}#businesses")
    feature.refresh_from_db()
    row = row_of(feature, pk)
    if row is None:
        raise Http404
    status = 409 if refused else 200
    return page(request, "pilots/business_row.html", feature=feature, row=row, refused=refused, status=status)


def _refusal(act: Callable[[], object]) -> str:
    """Carry an act out; the words of its refusal, "" when it was done. NotFound becomes 404."""
    try:
        with transaction.atomic():
            act()
    except NotFound:
        raise Http404 from None
    except Invalid as error:
        return error.errors[0]["reason"]
    except GatehouseError as error:
        return error.detail
    return ""


def _say(request: HttpRequest, refused: str, well: str) -> None:
    if refused:
        messages.error(request, refused)
    elif well:
        messages.success(request, well)


def _back(feature: Feature, place: str = "") -> HttpResponse:
    return redirect(reverse("admin:feature", args=[feature.key]) + (f"#{place}" if place else ""))
