"""ACT: fill an empty installation with a small shop, so that a new user meets a believable queue."""

import contextlib
import secrets
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.founding import found_business
from apps.accounts.keys import find_key, issue_key
from apps.accounts.models import ApiKey, Business, Membership, User
from apps.accounts.principals import Principal
from apps.accounts.roles import Role, Scope, scopes_of
from apps.accounts.row_access import acting_for
from apps.agents.models import Agent, Tool
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest, Policy
from apps.approvals.states import OnTimeout, State, Verdict
from apps.core.errors import GatehouseError
from apps.core.sealing import seal
from apps.core.signing import new_secret
from apps.drafts.piloting import set_up_pilot
from apps.goals.models import GateSettings, Goal
from apps.goals.requests import GoalIn
from apps.goals.submission import submit
from apps.goals.weighing import weigh
from apps.ops.demo.goals import GOALS
from apps.ops.demo.history import load_history
from apps.ops.demo.learning import load_crew
from apps.ops.demo.mail import load_mail, place_tools
from apps.ops.demo.pilots import load_pilots
from apps.ops.demo.tools import AGENTS, TOOLS

SLUG = "harbour-and-pine"
OWNER = "demo"
REVIEWERS = [("alice", "Alice", "Marsh"), ("ben", "Ben", "Okoro")]
# Besides the owner somebody who may agree to other thresholds: nobody agrees to their own.
ADMINS = [("cleo", "Cleo", "Hart")]
REASONS = ["Not what the customer asked for", "Amount is wrong", "Needs a call first", "Against our terms"]
# How many of the goals that wait are decided at once, so that the queue has a past.
DECIDED = 6


def load(*, base_url: str, password: str | None, api_key: str | None) -> dict[str, str]:
    """Make the shop if it is not there; {username, password, api_key} that work, the given ones if they do.

    base_url: where this installation's own demo agents answer, such as http://127.0.0.1:8000.
    """
    business = Business.objects.filter(slug=SLUG).first()
    if business is None:
        business = _found(User.objects.filter(username=OWNER).first())
    password = _working_password(password)
    with acting_for(business.pk):
        _place_agents(business, base_url)
        api_key = _working_key(business, api_key)
    # Cut off after the furniture and before the goals, the next run goes on from there.
    if not goals_of_demo():
        _submit_goals(business)
        _decide_some(business)
    with acting_for(business.pk):
        load_history(business, now=timezone.now())
        load_crew(business, now=timezone.now())
        _place_agents(business, base_url)
        place_tools(business, base_url)
    asks = User.objects.get(username=ADMINS[0][0])
    load_pilots(business, now=timezone.now(), asks=_principal(business, asks, Role.ADMIN))
    with acting_for(business.pk):
        load_mail(business, now=timezone.now())
    # The demo is a stage: that its past does not bear a baseline must not keep the house from starting.
    with contextlib.suppress(GatehouseError):
        set_up_pilot(actor=f"user:{asks.email}", home=business.pk)
    return {"username": OWNER, "password": password, "api_key": api_key}


def _found(owner: User | None) -> Business:
    owner = owner or User.objects.create_user(
        OWNER, "demo@example.com", None, first_name="Dana", last_name="Moor", is_staff=True, is_superuser=True
    )
    with transaction.atomic():
        business = found_business(name="Harbour & Pine", slug=SLUG, owner=owner)
        with acting_for(business.pk):
            _furnish(business)
    return business


def _furnish(business: Business) -> None:
    people = [(*one, Role.REVIEWER) for one in REVIEWERS] + [(*one, Role.ADMIN) for one in ADMINS]
    for username, first, last, role in people:
        person, _ = User.objects.get_or_create(
            username=username,
            defaults={"email": f"{username}@example.com", "first_name": first, "last_name": last, "is_staff": True},
        )
        Membership.objects.create(business=business, user=person, role=role)
    Policy.objects.create(
        business=business,
        kind="goal",
        deadline_minutes=8 * 60,
        on_timeout=OnTimeout.ESCALATE,
        reason_presets=REASONS,
        requester_may_decide=True,
    )
    # Careful on purpose: a new user is to meet a queue with something in it.
    GateSettings.objects.create(business=business, high=0.91, medium=0.55)
    for tool in TOOLS:
        Tool.objects.create(business=business, **tool)
    for agent in AGENTS:
        Agent.objects.create(
            business=business, url="http://127.0.0.1/", secret=seal(new_secret()), is_demo=True, **agent
        )


def _place_agents(business: Business, base_url: str) -> None:
    for agent in Agent.objects.filter(business=business, is_demo=True):
        agent.url = f"{base_url}/demo/agents/{agent.key}"
        agent.save(update_fields=["url"])


def _working_password(wanted: str | None) -> str:
    owner = User.objects.get(username=OWNER)
    if wanted and owner.check_password(wanted):
        return wanted
    password = secrets.token_urlsafe(12)
    for person in User.objects.filter(username__in=[OWNER, *(name for name, *_ in REVIEWERS + ADMINS)]):
        person.set_password(password)
        person.save(update_fields=["password"])
    return password


def _working_key(business: Business, wanted: str | None) -> str:
    key = find_key(wanted) if wanted else None
    if wanted and key and key.business_id == business.pk and key.is_usable(timezone.now()) and _may_all(key):
        return wanted
    return issue_key(business=business, name="Demo", scopes=[scope.value for scope in Scope], by=None)[1]


def _may_all(key: ApiKey) -> bool:
    """An upgrade may have brought scopes that a key of before has not."""
    return {scope.value for scope in Scope} <= set(key.scopes)


def _submit_goals(business: Business) -> None:
    for text, agent, tools, context in GOALS:
        wanted = GoalIn(goal=text, agent_id=agent, tools=list(tools), context=context)
        weighed = weigh(business_id=business.pk, wanted=wanted)
        with acting_for(business.pk):
            submit(weighed=weighed, actor=f"agent:{agent or 'caller'}")


def _decide_some(business: Business) -> None:
    with acting_for(business.pk):
        reviewer = User.objects.get(username=REVIEWERS[0][0])
        waiting = ApprovalRequest.objects.filter(state=State.WAITING, questions=[]).order_by("risk")
        ids = list(waiting.values_list("pk", flat=True)[:DECIDED])
    by = _principal(business, reviewer, Role.REVIEWER)
    for number, request_id in enumerate(ids):
        # The demo is a stage: that one of its decisions is refused must not keep the house from starting.
        with contextlib.suppress(GatehouseError), acting_for(business.pk):
            _decide(request_id, by, reject=number % 3 == 2)


def _principal(business: Business, person: User, role: Role) -> Principal:
    return Principal(
        business_id=business.pk, scopes=scopes_of(role), actor=f"user:{person.email}", user=person, role=role
    )


def _decide(request_id: UUID, by: Principal, *, reject: bool) -> None:
    request = ApprovalRequest.objects.get(pk=request_id)
    decide(
        request_id=request_id,
        by=by,
        verdict=Verdict.REJECT if reject else Verdict.APPROVE,
        payload_hash=request.payload_hash,
        reason=REASONS[2] if reject else "",
    )


def goals_of_demo() -> int:
    """How many goals the demo shop has."""
    return Goal.objects.filter(business__slug=SLUG).count()


def demo_base_url() -> str:
    return f"http://127.0.0.1:{settings.GATEHOUSE_PORT}"
