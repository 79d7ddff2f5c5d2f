"""SELECTOR: what each count means, said once: the figures count by these conditions and the lists filter by them."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet

from apps.core.ids import first_id_at
from apps.goals.marks import MASK, SHIFT, code_of
from apps.goals.models import Goal
from apps.goals.states import ApprovalState, State
from apps.goals.vocabulary import Check, Status
from apps.watch.counts import FLAGS, NAMES

# The agent says that the work itself cannot be done as put: what the checks are there to see. An agent that is away,
# slow or broken (5xx, no answer) says nothing about the goal.
REFUSED = [f"The agent answered {status}" for status in (400, 404, 422)]

BAD = Q(approval_state=ApprovalState.REJECTED) | Q(state=State.FAILED, error__in=REFUSED)
WARNED = Q(check_marks__gt=0) | Q(rounds__gt=0)

PREDICATES: dict[str, Q] = {
    "judged": ~Q(execution_path=""),
    "ungated": Q(execution_path=""),
    "executed": Q(execution_path="executed"),
    "approved": Q(execution_path="approved"),
    "clarification": Q(execution_path="clarification"),
    "rejected": Q(execution_path="rejected"),
    "asked": Q(execution_path="clarification") | Q(rounds__gt=0),
    "bad": BAD,
    "caught": BAD & WARNED,
    "done": Q(state=State.DONE),
    "failed": Q(state=State.FAILED),
    **{f"{check}:{flag}": Q(**{f"mark_{check}": code_of(Status(flag))}) for check in Check for flag in FLAGS},
}
assert set(PREDICATES) == set(NAMES)
# What only lists ask for.
LISTED: dict[str, Q] = PREDICATES | {"missed": BAD & ~WARNED, "ran": Q(state__in=[State.DONE, State.FAILED])}


def watched(business_id: UUID | OuterRef) -> QuerySet[Goal]:
    """The goals that figures are made of: all but trials of the gate."""
    marks = {f"mark_{check}": F("check_marks").bitrightshift(SHIFT[check]).bitand(MASK) for check in Check}
    return Goal.objects.filter(business_id=business_id, is_trial=False).alias(**marks)


def between(start: datetime, end: datetime) -> Q:
    """Submitted in this stretch of time, by the time that the id carries: the index on ids is in that order."""
    return Q(pk__gte=first_id_at(start), pk__lt=first_id_at(end))
