"""EDGE: the page of workflows and runs, the page of one run, and a content in full. Nothing here changes anything."""

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.workflows.models import Run, Step
from apps.workflows.page_context import Who, for_members, page
from apps.workflows.page_context_list import list_context
from apps.workflows.page_context_run import run_context, run_for_page

# Of a content in full; the file has all of it.
MOST_SHOWN = 100_000


@require_safe
@for_members
def workflows_page(request: HttpRequest, person: Who) -> HttpResponse:
    """The workflows of the business with their figures, the library, and its runs. state, workflow, q, after."""
    return page(request, "workflows/workflows.html", **list_context(person.business_id, request.GET, timezone.now()))


@require_safe
@for_members
def run_page(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """The diagram of a run and everything its steps say."""
    context = run_context(run_for_page(person, pk), person, timezone.now())
    context |= {f"{part}_url": reverse("admin:run-content", args=[pk, part]) for part in ("result", "given")}
    return page(request, "workflows/run.html", **context)


@require_safe
@for_members
def step_page(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """For who knows a step by its id: a request in the queue."""
    step = _step(person, pk, "run_id")
    return redirect(f"{reverse('admin:run', args=[step.run_id])}#step-{pk}")


@require_safe
@for_members
def step_content(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """What a step was asked, what came of it and why, in full; as=file: as a JSON file."""
    step = _step(person, pk, "run__title", "key", "input", "result", "reasoning")
    parts = [("What came of it", step.result), ("Why", step.reasoning or None), ("What was asked", step.input)]
    return _content(request, step.run, step.key, parts, {"input": step.input, "result": step.result})


@require_safe
@for_members
def run_content(request: HttpRequest, person: Who, pk: UUID, part: str) -> HttpResponse:
    """part: result or given."""
    column = {"result": "result", "given": "input"}.get(part)
    if column is None:
        raise Http404
    run = Run.objects.filter(business_id=person.business_id, pk=pk).only("title", column).first()
    if run is None:
        raise Http404
    value, title = getattr(run, column), {"result": "Result", "given": "What it was started with"}[part]
    return _content(request, run, title, [(title, value)], value)


def _content(request: HttpRequest, run: Run, title: str, parts: list[tuple[str, Any]], whole: Any) -> HttpResponse:
    if request.GET.get("as") == "file":
        answer = HttpResponse(json.dumps(whole, ensure_ascii=False, indent=2), content_type="application/json")
        answer["Content-Disposition"] = 'attachment; filename="content.json"'
        return answer
    read = [(words, *_read(value)) for words, value in parts if value is not None]
    return page(request, "workflows/whole.html", run=run, heading=title, parts=read)


def _read(value: Any) -> tuple[str, bool, bool]:
    """(text, whether it is plain text, whether it was cut)."""
    is_text = isinstance(value, str)
    text = value if is_text else json.dumps(value, ensure_ascii=False, indent=2)
    return text[:MOST_SHOWN], is_text, len(text) > MOST_SHOWN


def _step(person: Who, pk: UUID, *columns: str) -> Step:
    step = (
        Step.objects.filter(business_id=person.business_id, pk=pk)
        .select_related("run")
        .only("run_id", *columns)
        .first()
    )
    if step is None:
        raise Http404
    return step
