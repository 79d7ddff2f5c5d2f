"""Questions about goals."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.errors import NotFound
from apps.goals.models import Goal
from apps.goals.states import State

UNFINISHED = (State.WAITING, State.ASKING, State.READY, State.RUNNING)
MOST_COUNTED = 999


def goals_of(business_id: UUID) -> QuerySet[Goal]:
    return Goal.objects.filter(business_id=business_id)


def find_goal(business_id: UUID, goal_id: UUID) -> Goal:
    """Raises NotFound, for a goal of another business too."""
    goal = goals_of(business_id).filter(pk=goal_id).first()
    if goal is None:
        raise NotFound(f"There is no goal {goal_id}")
    return goal


def open_badge(request: HttpRequest) -> str:
    """The navigation's count of goals that have not ended; "" for none, counted up to a limit to stay cheap."""
    seat = getattr(request, "seat", None)
    if seat is None:
        return ""
    count = goals_of(seat.business_id).filter(state__in=UNFINISHED)[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")
