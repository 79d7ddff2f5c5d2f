"""Whatever people, programs and the clock do to a request, in whatever order, it ends at most once and rightly."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.claiming import claim, claim_next, let_go
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest, Decision, Policy
from apps.approvals.payloads import payload_hash
from apps.approvals.requesting import cancel_request
from apps.approvals.states import ENDS, State
from apps.approvals.sweeping import sweep
from apps.core.errors import GatehouseError
from apps.core.models import Event
from tests.approvals import outcomes
from tests.approvals.conftest import as_person, ask_in

ROLES = ["reviewer", "reviewer", "admin", "viewer"]
LIMITS = settings(
    max_examples=25,
    derandomize=True,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
WHO = st.integers(0, len(ROLES) - 1)
TERMS: dict[str, st.SearchStrategy[Any]] = {
    "approvers": st.integers(1, 3),
    "on_timeout": st.sampled_from(["reject", "escalate", "keep"]),
    "requester": WHO,
    "role": st.sampled_from(["reviewer", "reviewer", "admin"]),
}


class Request(RuleBasedStateMachine):
    """One request and all that may happen to it. The test sets the business and the people, by ROLES."""

    shop: Business
    people: list[User]

    @initialize(**TERMS)
    def begin(self, **terms: Any) -> None:
        self.ask(**terms)

    @precondition(lambda self: self.ended)
    @rule(**TERMS)
    def begin_anew(self, **terms: Any) -> None:
        self.ask(**terms)

    def ask(self, approvers: int, on_timeout: str, requester: int, role: str) -> None:
        outcomes.told.clear()
        terms = {"approvers": approvers, "on_timeout": on_timeout, "decider_role": role}
        Policy.objects.update_or_create(business=self.shop, kind="action", defaults=terms)
        ApprovalRequest.objects.filter(state=State.WAITING).update(state=State.CANCELLED)
        with acting_for(self.shop.pk):
            self.request = ask_in(self.shop, requester=self.people[requester])
        self.requester, self.ended, self.seen = self.people[requester], "", self.request.payload_hash

    def attempt(self, act: Any) -> None:
        try:
            with acting_for(self.shop.pk):
                act()
        except GatehouseError:
            return

    @rule(who=WHO, verdict=st.sampled_from(["approve", "approve", "approve", "approve", "reject"]), fresh=st.booleans())
    def say(self, who: int, verdict: str, fresh: bool) -> None:
        self.look(fresh)
        self.attempt(
            lambda: decide(
                request_id=self.request.pk,
                by=as_person(self.people[who], self.shop, ROLES[who]),
                verdict=verdict,
                payload_hash=self.seen,
                comment="so",
            )
        )

    @rule(who=WHO, amount=st.sampled_from([1, 2, 42.5, 1000]))
    def edit(self, who: int, amount: float) -> None:
        self.look(True)
        payload = self.request.payload | {"amount": amount}
        self.attempt(
            lambda: decide(
                request_id=self.request.pk,
                by=as_person(self.people[who], self.shop, ROLES[who]),
                verdict="approve",
                payload_hash=self.seen,
                payload=payload,
            )
        )

    @rule(who=WHO)
    def hold(self, who: int) -> None:
        self.attempt(lambda: claim(request_id=self.request.pk, user=self.people[who]))

    @rule(who=WHO)
    def hold_next(self, who: int) -> None:
        self.attempt(lambda: claim_next(business_id=self.shop.pk, user=self.people[who]))

    @rule(who=WHO)
    def give_back(self, who: int) -> None:
        self.attempt(lambda: let_go(request_id=self.request.pk, user=self.people[who]))

    @rule()
    def leases_run_out(self) -> None:
        ApprovalRequest.objects.update(claimed_until=self.request.created_at)

    @rule(hours=st.sampled_from([0, 1, 13, 13, 23, 25]))
    def time_passes(self, hours: int) -> None:
        sweep(now=self.request.created_at + timedelta(hours=hours))

    @rule(really=st.integers(0, 9))
    def withdraw(self, really: int) -> None:
        if really == 9:
            self.attempt(lambda: cancel_request(request_id=self.request.pk, actor="key:agent", why=""))

    def look(self, fresh: bool) -> None:
        if fresh:
            self.request.refresh_from_db()
            self.seen = self.request.payload_hash

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "request"):
            return
        row = ApprovalRequest.objects.get(pk=self.request.pk)
        assert row.payload_hash == payload_hash(row.payload)
        assert row.payload["amount"] != 1000
        decisions = list(Decision.objects.filter(request=row))
        assert self.requester not in [decision.user for decision in decisions]
        assert self.people[ROLES.index("viewer")] not in [decision.user for decision in decisions]
        approvers = {d.user_id for d in decisions if d.verdict == "approve" and d.version == row.version}
        rejected = any(decision.verdict == "reject" for decision in decisions)
        assert (row.state == State.APPROVED) == (len(approvers) >= row.approvers_needed and not rejected)
        assert (row.state == State.REJECTED) == rejected
        assert row.state != State.EXPIRED or row.on_timeout == "reject"
        assert self.ended in ("", row.state)
        self.ended = row.state if row.state in ENDS else ""
        assert outcomes.told == ([(str(row.pk), row.state)] if self.ended else [])
        ends = [f"approval.{state}" for state in ENDS]
        assert Event.objects.filter(subject_id=str(row.pk), kind__in=ends).count() == bool(self.ended)
        assert row.claimed_by is None or not self.ended


def test_it_ends_at_most_once_and_rightly(
    shop: Business, alice: User, anna: User, bob: User, victor: User, settings: Any
) -> None:
    settings.DECISION_OUTCOMES = {"action": "tests.approvals.outcomes.write_down"}
    settings.EDIT_CHECKS = {"action": "tests.approvals.outcomes.check_amount"}
    machine = type("OfTheShop", (Request,), {"shop": shop, "people": [alice, anna, bob, victor]})
    run_state_machine_as_test(machine, settings=LIMITS)
