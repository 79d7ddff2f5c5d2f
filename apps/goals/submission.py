"""ACT: a goal comes in: weighed, gated, and written down with its verdict in one transaction."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from apps.accounts.models import User
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import request_approval
from apps.approvals.verdicts import EditVerdict
from apps.core.errors import Invalid
from apps.core.events import event_of, record
from apps.core.ids import new_id
from apps.core.inserting import insert
from apps.goals.ending import finish_fields
from apps.goals.marks import is_trial, marks_of
from apps.goals.models import Goal
from apps.goals.payload import merged_request, payload_of, schema_of
from apps.goals.release import let_go_unwritten
from apps.goals.states import ENDS, ApprovalState, State
from apps.goals.timing import WRITE
from apps.goals.vocabulary import Path, checks_to_json, confidence_to_json, questions_to_json
from apps.goals.weighing import Weighed, weigh

STATE_OF_PATH = {
    Path.EXECUTE: (State.READY, ApprovalState.NOT_REQUIRED),
    Path.ASK: (State.WAITING, ApprovalState.AWAITING),
    Path.CLARIFY: (State.ASKING, ApprovalState.NOT_REQUIRED),
    Path.REJECT: (State.REJECTED, ApprovalState.NOT_REQUIRED),
}


def submit(*, weighed: Weighed, actor: str, user: User | None = None) -> Goal:
    """Write a weighed goal with its verdict, put it before a person where the gate says so, or let it go.

    Call inside the business's transaction.
    """
    wanted = weighed.wanted
    goal = Goal(
        id=new_id(),
        business_id=weighed.business_id,
        text=wanted.goal,
        context=wanted.context,
        history=wanted.history,
        tools=weighed.tools,
        agent_key=wanted.agent_id,
        workflow_key=wanted.workflow,
        own_confidence=wanted.confidence,
        deadline=wanted.deadline,
        callback_url=wanted.callback_url,
        submitted_by=actor,
        is_trial=is_trial(wanted.context),
    )
    _judge(goal, weighed)
    weighed.watch.enter(WRITE)
    goal.timings = weighed.watch.timings()
    submitted = event_of(
        kind="goal.submitted",
        subject_type="goal",
        subject_id=goal.pk,
        business_id=goal.business_id,
        actor=actor,
        path=goal.execution_path,
        confidence=goal.confidence,
        state=goal.state,
    )
    # Everything that is written goes to the database at once: this is the path callers wait on.
    if goal.state in (State.WAITING, State.ASKING):
        goal.request_id = new_id()
        ask_a_person(goal, weighed, user, beside=(goal, submitted))
    else:
        insert(goal, submitted, *(let_go_unwritten(goal) if goal.state == State.READY else []))
    return goal


def judge_again(goal: Goal, weighed: Weighed, *, actor: str) -> None:
    """Give a goal the verdict of its new weighing, in memory; the caller saves it. Asks a person where need be."""
    _judge(goal, weighed)
    goal.request_id = new_id() if goal.state in (State.WAITING, State.ASKING) else None
    if goal.request_id:
        ask_a_person(goal, weighed, None)
    record(
        kind="goal.judged_again",
        subject_type="goal",
        subject_id=goal.pk,
        business_id=goal.business_id,
        actor=actor,
        path=goal.execution_path,
        confidence=goal.confidence,
        state=goal.state,
        round=goal.rounds,
    )


def recheck_edit(request: ApprovalRequest, payload: Any) -> EditVerdict:
    """What the gate says of a goal as a reviewer has edited it: refused when it would reject it or ask about it.

    Raises Invalid when the edited payload has not the form of one.
    """
    goal = Goal.objects.get(pk=request.subject_id)
    weighed = weigh(business_id=goal.business_id, wanted=merged_request(goal, payload), rounds_used=goal.rounds)
    if weighed.assessment is None:
        return EditVerdict(allowed=True, reason="", confidence=None, factors=[], checks={})
    verdict = weighed.assessment.verdict
    confidence = confidence_to_json(weighed.assessment.confidence)
    return EditVerdict(
        allowed=verdict.path in (Path.EXECUTE, Path.ASK),
        reason=" ".join(verdict.reasons),
        confidence=confidence["value"],
        factors=confidence["factors"],
        checks=checks_to_json(weighed.assessment.checks),
    )


def _judge(goal: Goal, weighed: Weighed) -> None:
    assessment = weighed.assessment
    if assessment is None:
        goal.state, goal.approval_state = State.READY, ApprovalState.NOT_REQUIRED
        return
    confidence = confidence_to_json(assessment.confidence)
    goal.confidence, goal.factors = confidence["value"], confidence["factors"]
    if weighed.configuration.switches.pre_validation:
        goal.checks, goal.check_marks = checks_to_json(assessment.checks), marks_of(assessment.checks)
    else:
        goal.checks, goal.check_marks = {}, None
    goal.execution_path = assessment.verdict.execution_path
    goal.kind, goal.unsure_path = weighed.kind, weighed.unsure_path
    # What was made up to try the gate says nothing of real goals, and calibration reads those with a sum alone.
    goal.raw_confidence = None if goal.is_trial else assessment.confidence.raw
    goal.curve_version = weighed.curve_version if assessment.confidence.graded else None
    goal.reasons = list(assessment.verdict.reasons)
    goal.questions = questions_to_json(assessment.questions)
    goal.state, goal.approval_state = STATE_OF_PATH[assessment.verdict.path]
    if goal.state in ENDS:
        for name, value in finish_fields(goal).items():
            setattr(goal, name, value)


def ask_a_person(goal: Goal, weighed: Weighed, user: User | None, *, beside: Sequence[Model] = ()) -> ApprovalRequest:
    """Put the goal into the queue as its `request_id`, with a question where it is one, and write the rows `beside`."""
    if weighed.assessment is None:
        raise Invalid("", "A goal that was not judged has nothing to ask")
    return request_approval(
        business_id=goal.business_id,
        kind="goal",
        subject_id=goal.pk,
        title=goal.text[:200],
        why=" ".join(goal.reasons)[:500],
        payload=payload_of(goal),
        payload_schema=schema_of(goal),
        requested_by=goal.submitted_by,
        requester=user,
        confidence=goal.confidence,
        risk=weighed.risk,
        factors=goal.factors,
        checks=goal.checks,
        questions=goal.questions,
        deadline=goal.deadline,
        request_id=goal.request_id,
        beside=beside,
    )
