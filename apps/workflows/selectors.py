"""Questions about a business's workflows, their versions and runs."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.core.errors import NotFound
from apps.workflows.models import Run, Stage, Step, Workflow, WorkflowVersion


def workflows_of(business_id: UUID) -> QuerySet[Workflow]:
    """The newest first."""
    return Workflow.objects.filter(business_id=business_id).order_by("-id")


def find_workflow(business_id: UUID, key: str) -> Workflow:
    """Raises NotFound, for another business's too."""
    found = Workflow.objects.filter(business_id=business_id, key=key).first() if "\0" not in key else None
    if found is None:
        raise NotFound(f"There is no workflow {key[:60]!r}")
    return found


def versions_of(workflow: Workflow) -> QuerySet[WorkflowVersion]:
    """The newest first."""
    return WorkflowVersion.objects.filter(workflow=workflow).order_by("-number")


def find_version(workflow: Workflow, number: int) -> WorkflowVersion:
    """Raises NotFound."""
    # A number beyond the column's range would be an error of the database.
    found = versions_of(workflow).filter(number=number).first() if 0 < number < 2**31 else None
    if found is None:
        raise NotFound(f"There is no version {number}")
    return found


def runs_of(
    business_id: UUID, *, state: str = "", workflow: str = "", pattern: str = "", correlation_id: str = ""
) -> QuerySet[Run]:
    """The runs that match all that is given, the newest first, with their workflow."""
    wanted = {"state": state, "workflow__key": workflow, "pattern": pattern, "correlation_id": correlation_id}
    rows = Run.objects.filter(business_id=business_id, **{name: value for name, value in wanted.items() if value})
    return rows.select_related("workflow").order_by("-id")


def find_run(business_id: UUID, run_id: UUID) -> Run:
    """The run with its workflow. Raises NotFound, for another business's too."""
    found = Run.objects.select_related("workflow").filter(business_id=business_id, pk=run_id).first()
    if found is None:
        raise NotFound("There is no such run")
    return found


def stages_of(run: Run) -> list[Stage]:
    """Its stages in order, each with its steps: two queries."""
    steps = Prefetch("steps", queryset=Step.objects.select_related("agent").order_by("id"))
    return list(Stage.objects.filter(run=run).order_by("position").prefetch_related(steps))


def find_step(business_id: UUID, step_id: UUID) -> Step:
    """Raises NotFound, for another business's too."""
    found = Step.objects.select_related("agent").filter(business_id=business_id, pk=step_id).first()
    if found is None:
        raise NotFound("There is no such step")
    return found
