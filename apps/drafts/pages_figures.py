"""EDGE: the page of the pilot's nine figures, what is refreshed of it, the drafts behind a figure, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.admin_site import is_superuser, may_administer
from apps.accounts.models import User
from apps.accounts.principals import actor_of
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError, Invalid
from apps.drafts.backfilling import cancel, pause, resume, start_backfill
from apps.drafts.counting import count
from apps.drafts.exporting_figures import as_csv, rows_of
from apps.drafts.figures import BY_NAME, FIGURES, Figure, Limit
from apps.drafts.figures_plan import FEATURE
from apps.drafts.listing_figures import WHICH, drafts_behind, which_words
from apps.drafts.page_context_figures import Asked, asked_of, shown, time_words
from apps.drafts.piloting import set_up_pilot

View = Callable[..., HttpResponse]
ACTS = {"pause": (pause, "Paused."), "resume": (resume, "It goes on."), "cancel": (cancel, "Given up.")}


def _reading(view: View) -> View:
    """The view gets what is asked for, and reads what this person may see, over businesses where they may."""

    @wraps(view)
    def run(request: HttpRequest, **rest: Any) -> HttpResponse:
        # What is asked for is held to the person's own business by `asked_of` unless they look after all of them.
        with across_businesses():
            response = view(request, asked_of(request, timezone.now()), **rest)
            return response.render() if isinstance(response, TemplateResponse) else response

    return run


@require_safe
@_reading
def rag_pilot(request: HttpRequest, asked: Asked) -> HttpResponse:
    """window: 24h, 7d, 30d; arm; business (superusers): a slug, or pilot for all of the pilot."""
    return _page(request, "drafts/metrics/page.html", **shown(asked, timezone.now()))


@require_safe
@_reading
def figures_part(request: HttpRequest, asked: Asked) -> HttpResponse:
    """What is refreshed while the page is open."""
    return TemplateResponse(request, "drafts/metrics/figures.html", shown(asked, timezone.now()))


@require_safe
@_reading
def drafts_page(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The drafts behind a figure. figure, which (all, hits, others), from, to, after."""
    figure = _figure(request.GET.get("figure", ""))
    which = request.GET.get("which", "all")
    which = which if which in WHICH else "all"
    window = asked.window
    start = _moment(request.GET.get("from", "")) or window.start
    end = _moment(request.GET.get("to", "")) or window.end
    rows, after = drafts_behind(
        figure, asked.businesses, start, end, arm=asked.arm or None, which=which, after=_id(request.GET.get("after"))
    )
    kept = {key: value for key, value in request.GET.items() if key != "after"}
    return _page(
        request,
        "drafts/metrics/drafts.html",
        asked=asked,
        figure=figure,
        rows=rows,
        start=start,
        end=end,
        choices=[(name, which_words(figure, name), f"?{urlencode(kept | {'which': name})}") for name in WHICH],
        which=which,
        more=f"?{urlencode(kept | {'after': str(after)})}" if after else "",
        back=f"{reverse('admin:rag-pilot')}?{asked.query}#{figure.name}",
        own=request.seat.business_id if getattr(request, "seat", None) else None,  # type: ignore[attr-defined]
    )


@require_safe
@_reading
def export(request: HttpRequest, asked: Asked, form: str) -> HttpResponse:
    """form: csv or json. The figures as they are asked for on the page."""
    if form not in ("csv", "json"):
        raise Http404
    counted = count(asked.businesses, asked.window, arm=asked.arm or None)
    rows = rows_of(counted)
    arm = f"-{asked.arm}" if asked.arm else ""
    name = f"rag-pilot-{asked.chosen or 'drafts'}{arm}-{asked.window.name}.{form}"
    if form == "csv":
        response: HttpResponse = HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    else:
        response = JsonResponse({"window": asked.window.name, "arm": asked.arm or None, "figures": rows})
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def set_up(request: HttpRequest) -> HttpResponse:
    """Make the pilot's feature, ladder and guards, run by the business that the person is in."""
    seat = getattr(request, "seat", None)
    if not is_superuser(request):
        raise PermissionDenied
    done = _carry_out(
        request,
        lambda: set_up_pilot(actor=_actor(request), home=seat.business_id if seat else None),
        "The pilot is set up. Ask for its first stage here.",
    )
    return redirect(reverse("admin:feature", args=[FEATURE]) if done else reverse("admin:rag-pilot"))


@require_POST
def backfill(request: HttpRequest) -> HttpResponse:
    """Start one. days, per_second."""
    business_id = _administered(request)
    days, rate = _number(request, "days", 90), _number(request, "per_second", 50)
    _carry_out(
        request,
        lambda: start_backfill(business_id=business_id, days=int(days), per_second=rate, actor=_actor(request)),
        "It begins. This panel says how far it has come.",
    )
    return _back(request)


@require_POST
def backfill_act(request: HttpRequest, pk: UUID) -> HttpResponse:
    """do: pause, resume or cancel."""
    business_id = _administered(request)
    chosen = ACTS.get(request.POST.get("do", ""))
    if chosen is None:
        raise Http404
    act, well = chosen
    _carry_out(request, lambda: act(business_id=business_id, run_id=pk, actor=_actor(request)), well)
    return _back(request)


def _administered(request: HttpRequest) -> UUID:
    """The business the buttons are about: the person's own, or the one that a superuser looks at."""
    if not (may_administer(request) or is_superuser(request)):
        raise PermissionDenied
    with across_businesses():
        wanted = asked_of(request, timezone.now()).business_id
    if wanted is None:
        raise Http404
    return wanted


def _carry_out(request: HttpRequest, act: Callable[[], object], well: str) -> bool:
    try:
        with transaction.atomic():
            act()
    except Invalid as error:
        messages.error(request, f"{error.errors[0]['field']}: {error.errors[0]['reason']}")
    except GatehouseError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, well)
        return True
    return False


def _actor(request: HttpRequest) -> str:
    return actor_of(cast(User, request.user))


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse('admin:rag-pilot')}?{request.GET.urlencode()}#backfill")


def _number(request: HttpRequest, name: str, usual: float) -> float:
    try:
        number = float(request.POST.get(name, usual))
    except ValueError:
        return 0.0
    # What is no number on purpose is refused with the limits of the act.
    return number if abs(number) < 1e9 else 0.0


def _figure(name: str) -> Figure:
    """Also of the metrics beside the nine, which have no target of their own."""
    if name in FIGURES:
        return FIGURES[name]
    if name not in BY_NAME:
        raise Http404
    return Figure(BY_NAME[name], Limit(), Limit(), "", "")


def _moment(text: str) -> Any:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    shell = {**admin.site.each_context(request), "title": "RAG pilot"}
    asked: Asked = context["asked"]
    words = {"from_words": time_words(asked.window.start, asked.window)}
    return TemplateResponse(request, template, {**shell, **words, **context})
