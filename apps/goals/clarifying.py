"""ACT: an answer comes back: merged into the context, the goal is weighed and gated again. Rounds are bounded."""

from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.row_access import acting_for
from apps.approvals.answering import answer_by_caller
from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound, StaleState
from apps.goals.clarification import merge_answers
from apps.goals.models import Goal
from apps.goals.payload import request_of
from apps.goals.release import let_go
from apps.goals.states import State
from apps.goals.submission import judge_again
from apps.goals.vocabulary import questions_from_json
from apps.goals.weighing import Weighed, weigh

NOT_ASKING = "This goal has no open question"


def answer(*, business_id: UUID, goal_id: UUID, answers: dict[str, Any], actor: str) -> Goal:
    """Take the caller's answers. Opens its own transactions, because weighing may take long.

    Raises NotFound, StaleState (no open question, or answered by somebody else meanwhile), Invalid (an answer that does
    not fit its question; nothing is lost, the question stays open).
    """
    with acting_for(business_id):
        goal = Goal.objects.filter(pk=goal_id).first()
    if goal is None:
        raise NotFound
    weighed = _weigh_answers(goal, answers)
    with acting_for(business_id):
        # The old question must be closed before a new one may be asked about the same goal.
        if goal.request_id:
            answer_by_caller(request_id=goal.request_id, actor=actor, answers=answers)
        _take(goal, weighed, actor=actor)
    return goal


def take_answers(goal: Goal, answers: dict[str, Any], *, actor: str) -> None:
    """The answers a reviewer gave in the queue; inside the transaction of that decision. Raises as `answer` does."""
    _take(goal, _weigh_answers(goal, answers), actor=actor)


def _weigh_answers(goal: Goal, answers: dict[str, Any]) -> Weighed:
    if goal.state != State.ASKING:
        raise StaleState(NOT_ASKING)
    check_storable(answers, "answers")
    questions = questions_from_json(goal.questions)
    unknown = set(answers) - {question.field for question in questions}
    if unknown:
        raise Invalid(f"answers.{min(unknown)}", "This was not asked")
    merged = merge_answers(goal.context, questions, answers)
    if merged.problems:
        raise Invalid(errors=[{"field": f"answers.{name}", "reason": why} for name, why in merged.problems.items()])
    if not merged.accepted:
        raise Invalid("answers", "Answer at least one of the questions")
    wanted = request_of(goal, text=goal.text, context=merged.context, tools=goal.tools)
    return weigh(business_id=goal.business_id, wanted=wanted, rounds_used=goal.rounds + 1)


def _take(goal: Goal, weighed: Weighed, *, actor: str) -> None:
    with transaction.atomic():
        mine = Goal.objects.filter(pk=goal.pk, state=State.ASKING, rounds=goal.rounds)
        # Take the round first: of two who answer at once, one finds no row.
        if not mine.update(rounds=goal.rounds + 1):
            raise StaleState(NOT_ASKING)
        goal.rounds += 1
        goal.context = weighed.wanted.context
        judge_again(goal, weighed, actor=actor)
        goal.save()
        if goal.state == State.READY:
            let_go(goal)
