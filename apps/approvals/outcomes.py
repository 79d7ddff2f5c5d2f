"""ACT: hand a request that has reached its end to whoever asked, by the table in settings."""

from django.conf import settings
from django.utils.module_loading import import_string

from apps.approvals.models import ApprovalRequest


def tell_outcome(request: ApprovalRequest) -> None:
    """Call settings.DECISION_OUTCOMES[kind](request), in the transaction of the end; nothing for a kind without one."""
    path = settings.DECISION_OUTCOMES.get(request.kind)
    if path:
        import_string(path)(request)
