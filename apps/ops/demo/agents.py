"""EDGE: the demo's own agents, served by this installation itself. Built-in stand-ins: they echo, and say so."""

import hashlib
import json
import time
from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.ops.demo import crew
from apps.ops.demo.tools import AGENTS

KEYS = {agent["key"] for agent in AGENTS}
# The back office breaks off on its first attempt at one piece of work in three, to show what a retry looks like.
ONE_IN = 3


@csrf_exempt
@require_POST
def act(request: HttpRequest, key: str) -> JsonResponse:
    """Echo what the agent was asked to do and with which tools; of the crew, answer by template."""
    if key not in KEYS | crew.KEYS:
        raise Http404
    work: dict[str, Any] = json.loads(request.body)
    if key in crew.KEYS:
        return JsonResponse(crew.crew_answer(key, work))
    if key == "backoffice" and work.get("attempt") == 1 and _picked(str(work.get("goal_id"))):
        return JsonResponse({"error": "The demo's back office was interrupted"}, status=503)
    if key == "stockkeeper":
        time.sleep(0.5)
    return JsonResponse(
        {
            "agent": key,
            "built_in": "This is the echo of tools, a stand-in: nothing was done outside of Gatehouse",
            "would_do": work.get("goal", ""),
            "tools": [tool["function"]["name"] for tool in work.get("tools", [])],
            "context": work.get("context", {}),
        }
    )


def _picked(work_id: str) -> bool:
    return hashlib.sha256(work_id.encode()).digest()[0] % ONE_IN == 0
