"""SELECTOR: what people made of agents' work, as metrics for rollouts (settings.PILOT_METRICS).

Counted are requests that a person decided (a key or a passed deadline is none, nor is what was cancelled), by the
moment of the decision. Not counted: trials of the gate, and what Gatehouse itself asks about (its own thresholds, its
audits, a rollout's own steps: settings.PILOT_KINDS_NOT_COUNTED), which says nothing about the work of agents.
"""

from django.conf import settings

from apps.approvals.states import State
from apps.core.measures import Better, Figured
from apps.core.sampling import Statement

# The mark of apps/goals/marks.py in the context of a goal, as it stands in the payload of its request.
TRIAL = '{"context": {"gatehouse_stress": true}}'

_DECIDED = """
SELECT {{business}}, count(*), count(*) FILTER (WHERE {hit}), NULL::float8
FROM approvals_approvalrequest
WHERE business_id = ANY(%(businesses)s::uuid[]) AND state = ANY(%(states)s)
  AND decided_at >= %(since)s AND decided_at < %(until)s
  AND decided_by LIKE 'user:%%' AND NOT kind = ANY(%(own)s) AND NOT payload @> %(trial)s::jsonb
{{grouped}}
"""
_PARAMS = {"own": list(settings.PILOT_KINDS_NOT_COUNTED), "trial": TRIAL}

_approved = Statement(
    Figured.SHARE,
    _DECIDED.format(hit="state = 'approved'"),
    {**_PARAMS, "states": [State.APPROVED.value, State.REJECTED.value]},
)
_edited = Statement(
    Figured.SHARE,
    _DECIDED.format(hit="original IS NOT NULL"),
    {**_PARAMS, "states": [State.APPROVED.value]},
)

approval_rate = _approved.as_metric(
    name="approval_rate",
    title="Approval rate",
    of="decisions",
    meaning="Of the requests that people decided, the share they approved, as it was or edited.",
    unit="%",
    better=Better.HIGH,
)
edit_rate = _edited.as_metric(
    name="edit_rate",
    title="Edit rate",
    of="approvals",
    meaning="Of the requests that people approved, the share whose payload they changed first.",
    unit="%",
    better=Better.LOW,
)
