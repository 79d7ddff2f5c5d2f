"""EDGE: the pattern board, and the page of one pattern."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.trust.models import Pattern
from apps.trust.page_context import business_of, page
from apps.trust.page_context_patterns import board_context, pattern_context, wanted_in


@require_safe
def patterns_page(request: HttpRequest) -> HttpResponse:
    """category, state; after: the last one of the page before."""
    context = board_context(business_of(request), wanted_in(request.GET), timezone.now())
    return page(request, "trust/patterns.html", title="Patterns", **context)


@require_safe
def pattern_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    pattern = Pattern.objects.filter(business_id=business_of(request), pk=pk).first()
    if pattern is None:
        raise Http404
    return page(request, "trust/pattern.html", title="Pattern", **pattern_context(pattern))
