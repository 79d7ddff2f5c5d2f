"""ACT: tell the people of a business when a figure of its drafts is surely beyond its alert limit, and when it is back.

Beside the guards: those take retrieval back from a rollout, this tells whoever drafts at all. One statement for each
way of counting, over all businesses; a notice is open at most once for each figure and business.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.alerts.models import Notice
from apps.alerts.raising import raise_notice, resolve_notice
from apps.alerts.severities import Severity
from apps.drafts.counting import count, window_of
from apps.drafts.figures import FIGURES, Figure
from apps.drafts.figures_found import NOTHING, Found, interval_words, is_calm, must_tell, written
from apps.drafts.models import Mailbox

log = logging.getLogger(__name__)

SOURCE = "drafts"
WINDOW = "24h"


def tell_of_figures(*, now: datetime) -> int:
    """Look at the last 24 hours of every business that drafts; how many notices were raised or resolved."""
    with across_businesses():
        businesses = list(Mailbox.objects.order_by().values_list("business_id", flat=True).distinct())
        each = count(businesses, window_of(WINDOW, now), each=True).businesses
        open_ones = _open_ones()
    changed = 0
    for business_id in set(each) | {business for business, _ in open_ones}:
        try:
            changed += _tell(business_id, each.get(business_id, {}), open_ones)
        except Exception:
            log.exception("the figures of drafts of %s could not be told of", business_id)
    return changed


def _open_ones() -> set[tuple[UUID, str]]:
    rows = Notice.objects.filter(source=SOURCE, resolved_at=None, business_id__isnull=False)
    keys = {_key(figure): name for name, figure in FIGURES.items()}
    return {(pk, keys[key]) for pk, key in rows.values_list("business_id", "dedup_key") if pk and key in keys}


def _tell(business_id: UUID, figures: Mapping[str, Found], open_ones: set[tuple[UUID, str]]) -> int:
    changed = 0
    for name, figure in FIGURES.items():
        judged = figures.get(figure.alerting.name, NOTHING)
        is_open = (business_id, name) in open_ones
        if not is_open and must_tell(figure, judged):
            _raise(business_id, figure, judged)
        elif is_open and is_calm(figure, judged):
            with acting_for(business_id):
                resolve_notice(business_id=business_id, dedup_key=_key(figure))
        else:
            continue
        changed += 1
    return changed


def _raise(business_id: UUID, figure: Figure, judged: Found) -> None:
    part = figure.alerting
    with acting_for(business_id), transaction.atomic():
        if not Business.objects.filter(pk=business_id).exists():
            return
        raise_notice(
            business_id=business_id,
            severity=Severity.CRITICAL if figure.critical else Severity.WARNING,
            title=f"{part.title} of drafts: {written(part, judged.value)} in 24 hours",
            text=f"{part.meaning}\n\nTold of when {figure.alert_words}.",
            facts=[
                (part.title, written(part, judged.value)),
                ("From", f"{judged.n:,} {part.of}"),
                ("95 % interval", interval_words(part, judged)),
                ("Target", figure.target_words),
                ("Alert", figure.alert_words),
            ],
            link=f"{reverse('admin:rag-pilot')}?window={WINDOW}#{figure.name}",
            dedup_key=_key(figure),
            source=SOURCE,
        )


def _key(figure: Figure) -> str:
    return f"drafts:{figure.name}"
