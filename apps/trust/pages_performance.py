"""EDGE: the page of performance: agents over time and beside each other, and the same as a file."""

from datetime import UTC

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.trust.exporting import EXPORTS
from apps.trust.page_context import business_of, page
from apps.trust.page_context_performance import performance_context, wanted_in


@require_safe
def performance_page(request: HttpRequest) -> HttpResponse:
    """window, unit (day or week), type, agent (several)."""
    # Tallies are of days in UTC, wherever the reader is.
    wanted = wanted_in(request.GET, timezone.now().astimezone(UTC).date())
    context = performance_context(business_of(request), wanted)
    query = request.GET.urlencode()
    return page(request, "trust/performance.html", title="Performance", query=query, **context)


@require_safe
def performance_export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """A row for each agent, type and day of the window; agents as chosen, all where none is."""
    business_id = business_of(request)
    if form not in EXPORTS:
        raise Http404
    kind, write = EXPORTS[form]
    today = timezone.now().astimezone(UTC).date()
    name = f"agent-performance-{today:%Y-%m-%d}.{form}"
    return StreamingHttpResponse(
        write(business_id, wanted_in(request.GET, today)),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
