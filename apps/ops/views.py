"""EDGE: probes."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from apps.ops.health import dependencies


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every dependency answers, 503 with the names of those that do not."""
    found = dependencies()
    well = all(found.values())
    return JsonResponse({"status": "ok" if well else "failing", "dependencies": found}, status=200 if well else 503)
