"""EDGE: what the buttons of a run do: cancel, resume, retry. Each calls one act and goes back to the run."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.errors import GatehouseError
from apps.workflows.ending import cancel_run, resume_run, retry_step
from apps.workflows.forms import ReasonForm
from apps.workflows.models import Step
from apps.workflows.page_context import Who, for_runners, run_or_404


@require_POST
@for_runners
def cancel(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """reason: it stands on the run and in the audit."""
    run, form = run_or_404(person, pk), ReasonForm(request.POST)
    if not form.is_valid() or not form.cleaned_data["reason"].strip():
        messages.error(request, "Say in up to 400 characters why it is cancelled.")
        return redirect("admin:run", pk)
    done = _do(request, cancel_run, run_id=run.pk, actor=person.actor, reason=form.cleaned_data["reason"].strip())
    if done:
        messages.success(request, "Cancelled.")
    return redirect("admin:run", pk)


@require_POST
@for_runners
def resume(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    run = run_or_404(person, pk)
    if _do(request, resume_run, run_id=run.pk, actor=person.actor):
        messages.success(request, "It goes on.")
    return redirect("admin:run", pk)


@require_POST
@for_runners
def retry(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """One step, under the same idempotency key."""
    step = Step.objects.filter(business_id=person.business_id, pk=pk).only("run_id").first()
    if step is None:
        raise Http404
    if _do(request, retry_step, step_id=pk, actor=person.actor):
        messages.success(request, "It is tried again.")
    return redirect(f"{reverse('admin:run', args=[step.run_id])}#step-{pk}")


def _do(request: HttpRequest, act: Callable[..., Any], **given: Any) -> bool:
    """Call an act; where it refuses, say why. Whether it was done."""
    try:
        with transaction.atomic():
            act(**given)
    except GatehouseError as error:
        messages.error(request, error.detail)
        return False
    return True
