"""What happens after a decision, for tests: written down, or failing."""

from typing import Any

from apps.approvals.models import ApprovalRequest
from apps.approvals.verdicts import EditVerdict

told: list[tuple[str, str]] = []


def write_down(request: ApprovalRequest) -> None:
    told.append((str(request.pk), str(request.state)))


def fail_for_grave(request: ApprovalRequest) -> None:
    if request.risk == 1:
        raise RuntimeError("this outcome cannot be carried out")


def check_amount(request: ApprovalRequest, payload: dict[str, Any]) -> EditVerdict:
    """Amounts above 100 are not allowed; others are surer."""
    if payload.get("amount", 0) > 100:
        return EditVerdict(allowed=False, reason="Above the limit of 100")
    return EditVerdict(
        allowed=True, confidence=0.9, factors=[{"name": "amount", "score": 0.9}], checks={"status": "pass"}
    )
