"""EDGE: the page of one workflow: its configuration, versions, name and switch, and starting a run by hand."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import GatehouseError, Invalid
from apps.workflows.configs import check_input, defaults, read_form
from apps.workflows.defining import (
    change_workflow,
    create_workflow,
    install_ready_workflows,
    restore_version,
)
from apps.workflows.diagram import outline_drawn
from apps.workflows.forms import NameForm, RenameForm, StartForm, tell_errors
from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.page_context import Who, for_definers, for_members, for_runners, page, workflow_or_404
from apps.workflows.page_context_run import outline_of
from apps.workflows.page_context_workflow import (
    config_context,
    pattern_or_none,
    suggestions,
    workflow_context,
)
from apps.workflows.patterns import pattern_of
from apps.workflows.starting import start_workflow
from apps.workflows.states import Priority


@require_safe
@for_members
def workflow_page(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    return _page(request, person, workflow_or_404(person, key))


@require_http_methods(["GET", "HEAD", "POST"])
@for_definers
def new_workflow(request: HttpRequest, person: Who) -> HttpResponse:
    """pattern: a name of the library."""
    pattern = pattern_or_none(request.GET.get("pattern", ""))
    if pattern is None:
        raise Http404
    config, fields = defaults(pattern), None
    form = NameForm(initial={"name": pattern.title, "key": pattern.name, "description": pattern.description[:500]})
    if request.method == "POST":
        form = NameForm(request.POST)
        config, fields = read_form(pattern, config, request.POST.get)
        if form.is_valid() and not any(field.error for field in fields):
            made = _define(form, person, pattern.name, config)
            if made is not None:
                messages.success(request, "Added.")
                return redirect("admin:workflow", made.key)
    return page(
        request,
        "workflows/new.html",
        status=200 if fields is None else 422,
        pattern=pattern,
        form=form,
        diagram=outline_drawn(outline_of(pattern.name, defaults(pattern))),
        **config_context(pattern, defaults(pattern), fields),
        **suggestions(person.business_id),
    )


def _define(form: NameForm, person: Who, pattern: str, config: dict[str, Any]) -> Workflow | None:
    try:
        with transaction.atomic():
            return create_workflow(
                business_id=person.business_id, pattern=pattern, config=config, actor=person.actor, **form.cleaned_data
            )
    except Invalid as error:
        tell_errors(form, error)
    except GatehouseError as error:
        form.add_error(None, error.detail)
    return None


@require_POST
@for_definers
def install(request: HttpRequest, person: Who) -> HttpResponse:
    """Every workflow of the library that the business does not have yet."""
    with transaction.atomic():
        made = install_ready_workflows(business_id=person.business_id, actor=person.actor)
    count = len(made)
    messages.success(request, f"{count} workflow{'' if count == 1 else 's'} installed." if count else "All are there.")
    return redirect("admin:workflows")


@require_POST
@for_definers
def configure(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    """A configuration that holds makes a new version; any other comes back with what is wrong. based_on: a number."""
    workflow = workflow_or_404(person, key)
    pattern, before = pattern_or_none(workflow.pattern), _version(workflow, request.POST.get("based_on", ""))
    if pattern is None:
        messages.error(request, "The library has this pattern no more: it can no longer be configured.")
        return redirect("admin:workflow", key)
    config, fields = read_form(pattern, before.config, request.POST.get)
    note = request.POST.get("note", "").replace("\0", "").strip()[:200]
    if any(field.error for field in fields):
        return _page(request, person, workflow, fields=fields, based_on=before, note=note, status=422)
    if before.number != workflow.version:
        messages.error(
            request,
            f"Somebody made version {workflow.version} meanwhile. Look at what it changed, then save again.",
        )
        return _page(request, person, workflow, fields=fields, based_on=before, note=note, status=409)
    return _do(request, workflow, change_workflow, person, config=config, note=note, expected=before.number)


@require_POST
@for_definers
def restore(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    """number: of an earlier version, whose configuration becomes that of a new one."""
    workflow = workflow_or_404(person, key)
    old = _version(workflow, request.POST.get("number", ""))
    return _do(request, workflow, restore_version, person, number=old.number)


@require_POST
@for_definers
def rename(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    workflow, form = workflow_or_404(person, key), RenameForm(request.POST)
    if not form.is_valid():
        return _page(request, person, workflow, name_form=form, status=422)
    return _do(request, workflow, change_workflow, person, says="Saved.", **form.cleaned_data)


@require_POST
@for_definers
def turn(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    """to: on or off. What runs goes on either way."""
    on = request.POST.get("to") == "on"
    words = "It can be started again." if on else "No new run starts; what runs goes on."
    return _do(request, workflow_or_404(person, key), change_workflow, person, says=words, enabled=on)


@require_POST
@for_runners
def start(request: HttpRequest, person: Who, key: str) -> HttpResponse:
    workflow, form = workflow_or_404(person, key), StartForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                run = start_workflow(
                    business_id=person.business_id,
                    key=workflow.key,
                    input=check_input(pattern_of(workflow.pattern), form.input),
                    title=form.run_title,
                    priority=Priority(int(form.cleaned_data["priority"])),
                    actor=person.actor,
                )
        except Invalid as error:
            tell_errors(form, error)
        except GatehouseError as error:
            form.add_error(None, error.detail)
        else:
            return redirect("admin:run", run.pk)
    return _page(request, person, workflow, start_form=form, status=422)


def _do(
    request: HttpRequest, workflow: Workflow, act: Callable[..., Workflow], person: Who, *, says: str = "", **given: Any
) -> HttpResponse:
    """Call an act and go back to the workflow, with its words where it refuses."""
    try:
        with transaction.atomic():
            changed = act(workflow_id=workflow.pk, actor=person.actor, **given)
    except GatehouseError as error:
        messages.error(request, error.detail)
    else:
        new = changed.version > workflow.version
        made = f"Version {changed.version} is in force. What runs goes on as it began."
        messages.success(request, says or (made if new else "Nothing differed, so there is no new version."))
    return redirect("admin:workflow", workflow.key)


def _version(workflow: Workflow, number: str) -> WorkflowVersion:
    known = number.isascii() and number.isdigit() and len(number) < 7
    found = WorkflowVersion.objects.filter(workflow=workflow, number=int(number)).first() if known else None
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    person: Who,
    workflow: Workflow,
    *,
    fields: Any = None,
    based_on: WorkflowVersion | None = None,
    note: str = "",
    status: int = 200,
    **forms: Any,
) -> HttpResponse:
    """forms: start_form or name_form, as they came in and were refused; fields: the configuration, likewise."""
    context = workflow_context(workflow)
    pattern, config = context["pattern"], based_on.config if based_on else context["config"]
    if pattern is not None:
        context |= config_context(pattern, config, fields)
    based = workflow.version if based_on is None or status == 409 else based_on.number
    opened = "config" if fields is not None else "name" if "name_form" in forms else ""
    return page(
        request, "workflows/workflow.html", status=status, **context | forms, based_on=based, note=note, opened=opened
    )
