"""SELECTOR: what people decided before, from whoever is set to know it (settings.PRECEDENTS)."""

import logging
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.approvals.models import ApprovalRequest

log = logging.getLogger(__name__)


def precedents_context(request: ApprovalRequest) -> dict[str, Any]:
    """{precedents, summary, problem}: attributes of each: request_id, title, verdict, reason, comment, edited,
    decided_by, decided_at, alike (0 to 1). summary: how requests like it were decided, in a sentence, "" for none.
    problem: why there may be more, "" for nothing. Raises nothing: the request can be decided without them."""
    try:
        found = import_string(settings.PRECEDENTS)(request)
    except Exception:
        log.exception("precedents of %s could not be looked up", request.pk)
        return {"precedents": (), "summary": "", "problem": "They could not be looked up just now"}
    return {"precedents": found.found, "summary": found.summary, "problem": found.problem}
