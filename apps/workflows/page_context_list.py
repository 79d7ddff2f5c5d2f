"""EDGE: what the page of workflows is given: the workflows, the library, and the runs that were asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict

from apps.workflows.diagram_words import RUN_WORDS, money, share, span
from apps.workflows.models import Run, Workflow
from apps.workflows.page_figures import MOST_COUNTED, Lately, counts_of, lately_of
from apps.workflows.patterns import PATTERNS
from apps.workflows.plans import Pattern
from apps.workflows.states import RUN_ENDS, RunState

PAGE = 50
# "undoing" is a moment on the way to failed or cancelled.
TABS = (RunState.RUNNING, RunState.WAITING, RunState.FAILED, RunState.DONE, RunState.CANCELLED)
_FEW_COLUMNS = (
    "title", "state", "pattern", "correlation_id", "started_by", "error", "quality", "cost", "created_at",
    "finished_at", "workflow__key", "workflow__name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """The runs asked for; a filter that is not understood is none. after: the id of the last run shown before."""

    state: str = ""
    workflow: str = ""
    search: str = ""
    after: UUID | None = None

    @property
    def is_filtered(self) -> bool:
        return bool(self.state or self.workflow or self.search)

    def query(self, **changes: Any) -> str:
        """The address of these runs, or of others by `changes`."""
        values = {"state": self.state, "workflow": self.workflow, "q": self.search} | changes
        return "?" + urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class RunLine:
    run: Run
    of: str
    word: str
    took: str
    cost: str
    open: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A workflow with its figures of the last seven days."""

    workflow: Workflow
    pattern: Pattern | None
    lately: Lately
    success: str
    interval: str
    took: str
    cost: str
    # The interval and the share as percent of the drawn range.
    left: float
    width: float
    point: float


def wanted_from(asked: QueryDict, workflows: list[Workflow]) -> Wanted:
    state, key = asked.get("state", ""), asked.get("workflow", "")
    return Wanted(
        state=state if state in {one.value for one in RunState} else "",
        workflow=key if any(one.key == key for one in workflows) else "",
        search=asked.get("q", "").replace("\0", "").strip()[:120],
        after=_uuid(asked.get("after", "")),
    )


def list_context(business_id: UUID, asked: QueryDict, now: datetime) -> dict[str, Any]:
    """Four queries: workflows, their figures, counts of runs by state, one page of runs."""
    workflows = list(Workflow.objects.filter(business_id=business_id))
    lately, wanted = lately_of(business_id, now), wanted_from(asked, workflows)
    found = list(runs_of(business_id, wanted, workflows)[: PAGE + 1])
    counts = counts_of(business_id)
    used = {one.pattern for one in workflows}
    return {
        "cards": [_card(one, lately.get(one.pk, Lately())) for one in workflows],
        "library": [(one, one.name in used) for one in PATTERNS.values()],
        "to_install": any(name not in used for name in PATTERNS),
        "wanted": wanted,
        "workflows": workflows,
        "tabs": [
            (state.value, RUN_WORDS[state], _counted(counts.get(state.value)), wanted.query(state=state.value))
            for state in TABS
        ],
        "all_url": wanted.query(state=""),
        "lines": [_line(run, now) for run in found[:PAGE]],
        "older": wanted.query(after=found[PAGE - 1].pk) if len(found) > PAGE else "",
        "newest": wanted.query() if wanted.after else "",
    }


def runs_of(business_id: UUID, wanted: Wanted, workflows: list[Workflow]) -> QuerySet[Run]:
    """Newest first, by keyset."""
    rows = Run.objects.filter(business_id=business_id).select_related("workflow").only(*_FEW_COLUMNS).order_by("-id")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.workflow:
        rows = rows.filter(workflow_id=next(one.pk for one in workflows if one.key == wanted.workflow))
    if wanted.search:
        rows = rows.filter(_search(wanted.search))
    return rows.filter(pk__lt=wanted.after) if wanted.after else rows


def _search(words: str) -> Q:
    found = Q(title__icontains=words) | Q(correlation_id=words)
    pk = _uuid(words)
    return found | Q(pk=pk) if pk else found


def _line(run: Run, now: datetime) -> RunLine:
    took = span((run.finished_at or now) - run.created_at)
    known = PATTERNS.get(run.pattern)
    of = run.workflow.name if run.workflow else known.title if known else run.pattern
    return RunLine(run, of, RUN_WORDS[RunState(run.state)], took, money(run.cost), run.state not in RUN_ENDS)


def _card(workflow: Workflow, lately: Lately) -> Card:
    bounds = lately.interval
    low, high = bounds or (0.0, 0.0)
    return Card(
        workflow,
        PATTERNS.get(workflow.pattern),
        lately,
        share(lately.success),
        f"{share(bounds[0])} to {share(bounds[1])}" if bounds else "",
        span(lately.seconds),
        money(lately.cost),
        round(low * 100, 1),
        round((high - low) * 100, 1),
        round((lately.success or 0.0) * 100, 1),
    )


def _counted(count: int | None) -> str:
    if not count:
        return ""
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
