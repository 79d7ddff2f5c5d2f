"""Every pattern of the library through the engine: agents that answer, and a person who decides."""

from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Business, User
from apps.accounts.principals import of_person
from apps.accounts.selectors import seats_of
from apps.agents.models import Agent
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.workflows.configs import decode
from apps.workflows.defining import create_workflow
from apps.workflows.models import Run, Step
from apps.workflows.patterns import pattern_of
from apps.workflows.starting import start_workflow
from tests.workflows.made import work_all
from tests.workflows.simulated import LIBRARY

pytestmark = pytest.mark.django_db
GARBAGE: list[Any] = [
    None,
    "",
    [],
    7,
    {"findings": 3, "sections": None, "cases": [None], "value": "fast"},
    {"ratings": 5},
]


def sensible(body: dict[str, Any], *, work_id: str) -> dict[str, Any]:
    """An agent that answers whatever it is asked, rates others 85 and lets every check pass."""
    content = {
        "move": "Sell", "findings": [{"file": "a.py", "line": 1, "severity": "low", "message": "A name misleads"}],
        "sections": ["Install", "Use"], "text": f"Words of {body.get('section')}", "cases": ["Empty", "Huge"],
        "criteria": ["It adds"], "parts": ["Core"], "patch": "diff", "passed": True, "coverage": 0.9, "tests": "code",
        "value": 10 if body.get("stage") == "measure" else 5, "correct": True, "steps": [{"file": "a.py"}],
        "verdicts": dict.fromkeys(body.get("findings", ()), "confirm"),
        "ratings": {ref: {"quality": 85, "feedback": "Good"} for ref in body.get("to_rate", ())},
    }  # fmt: skip
    return {"result": content, "confidence": 0.9, "reasoning": "Because", "cost": 0.001}


def confused(body: dict[str, Any], *, work_id: str) -> Any:
    """An agent that answers another kind of nonsense at each step."""
    return GARBAGE[len(str(body.get("step"))) % len(GARBAGE)]


def enlist(shop: Business, settings: Any, **functions: str) -> None:
    settings.AGENT_ENTRY_POINTS = {name: f"{__name__}:{function}" for name, function in functions.items()}
    for name in functions:
        Agent.objects.create(business=shop, key=name, name=name.title(), kind="python", entry=name, concurrency=50)


def finished(shop: Business, pattern: str, who: User, *, config: dict[str, Any]) -> Run:
    """Start it, work it off, and let a person approve whatever comes before people."""
    create_workflow(business_id=shop.pk, key="mine", pattern=pattern, config=config, actor="user:bob")
    rule = pattern_of(pattern)
    types = {type_ for one in rule.outline(decode(rule, config)) for type_ in one.types}
    Agent.objects.update(types=sorted(types))
    with transaction.atomic():
        run = start_workflow(business_id=shop.pk, key="mine", input={"goal": "Do it", "context": {}}, actor="user:bob")
    for _ in range(30):
        work_all()
        waiting = ApprovalRequest.objects.filter(kind="step", state=State.WAITING).first()
        if waiting is None:
            break
        decide(
            request_id=waiting.pk,
            by=of_person(who, seats_of(who)[0]),
            verdict="approve",
            payload_hash=waiting.payload_hash,
        )
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("pattern", sorted(LIBRARY))
def test_a_run_with_sensible_agents_ends_with_a_package(
    shop: Business, alice: User, settings: Any, pattern: str
) -> None:
    enlist(shop, settings, ann="sensible", ben="sensible", cid="sensible")
    config: dict[str, Any] = {} if pattern == "single" else {"person": {"when": "always"}}
    run = finished(shop, pattern, alice, config={"person": "always"} if pattern == "code_review" else config)
    assert (run.state, run.error) == ("done", ""), list(Step.objects.filter(run=run).values_list("key", "error"))
    assert run.result and run.cost > 0
    if pattern not in ("single", "documentation", "testing", "code_review"):
        assert next(iter(run.result.values())), "the first of a package is what was taken"
    if pattern != "single":
        # Each of the three found the same: nobody is left whose word on it would count.
        assert (run.quality is None) is (pattern == "code_review")
        assert ApprovalRequest.objects.filter(kind="step", state=State.APPROVED).exists()
    asked = Step.objects.filter(run=run, kind="agent")
    assert not asked.exclude(state__in=["done", "cancelled"]).exists()


@pytest.mark.parametrize("pattern", sorted(LIBRARY))
def test_a_run_with_confused_agents_ends_and_says_why(shop: Business, alice: User, settings: Any, pattern: str) -> None:
    enlist(shop, settings, ann="confused", ben="confused", cid="confused")
    run = finished(shop, pattern, alice, config={})
    assert run.state in ("done", "failed") and bool(run.error) is (run.state == "failed")
