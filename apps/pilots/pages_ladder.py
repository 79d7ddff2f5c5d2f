"""EDGE: the editor of a feature's ladder. Its buttons work without scripts: each sends the form and gets it back."""

from collections.abc import Sequence

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.core.errors import GatehouseError, Invalid
from apps.pilots.forms_ladder import StageRow, altered, place_errors, plans_of, read_rows, rows_of
from apps.pilots.laddering import ladder_of, set_ladder
from apps.pilots.measuring import metrics
from apps.pilots.models import Feature
from apps.pilots.page_context import operating, page, who
from apps.pilots.plans import seven_day_plan


@require_http_methods(["GET", "HEAD", "POST"])
@operating
def ladder_page(request: HttpRequest, feature: Feature) -> HttpResponse:
    """do: save, or a button that alters the rows (forms_ladder.altered)."""
    if request.method != "POST":
        return _page(request, feature, rows_of(ladder_of(feature)))
    rows, do = read_rows(request.POST.dict()), request.POST.get("do", "save")
    if do != "save":
        return _page(request, feature, altered(rows, do, seven_day_plan()))
    plans = plans_of(rows)
    if plans is None:
        return _page(request, feature, rows, status=422)
    try:
        with transaction.atomic():
            set_ladder(feature_id=feature.pk, plans=plans, actor=who(request).actor)
    except Invalid as error:
        return _page(request, feature, rows, place_errors(rows, error.errors), status=422)
    except GatehouseError as error:
        return _page(request, feature, rows, [error.detail], status=error.status)
    messages.success(request, "The ladder is saved.")
    return redirect("admin:feature", feature.key)


def _page(
    request: HttpRequest, feature: Feature, rows: Sequence[StageRow], errors: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    return page(
        request,
        "pilots/ladder.html",
        feature=feature,
        rows=rows,
        errors=errors,
        metrics=metrics(),
        status=status,
    )
