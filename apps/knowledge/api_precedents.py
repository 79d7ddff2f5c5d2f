"""EDGE: what people decided before on requests like one of the queue."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.approvals.selectors import find_request
from apps.core.schemas import problems
from apps.knowledge import schemas_documents as schemas
from apps.knowledge.precedents import Precedent, precedents_of
from apps.knowledge.response import moment


class ApprovalPrecedents(TenantView):
    scopes = {"GET": Scope.APPROVALS_READ}

    @extend_schema(
        operation_id="list_precedents",
        summary="What people decided before on requests like this one",
        responses={200: schemas.PrecedentList, **problems(404)},
        tags=["Approvals"],
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        found = precedents_of(find_request(self.principal.business_id, request_id))
        tally = found.tally
        in_sum = {
            "approved": tally.approved, "edited": tally.edited, "rejected": tally.rejected,
            "answered": tally.answered, "reasons": list(tally.reasons), "words": found.summary,
        }  # fmt: skip
        return Response({"results": [_row(one) for one in found.found], "in_sum": in_sum, "problem": found.problem})


def _row(one: Precedent) -> dict[str, object]:
    return {
        "request_id": str(one.request_id),
        "title": one.title,
        "verdict": one.verdict,
        "reason": one.reason,
        "comment": one.comment,
        "edited": one.edited,
        "decided_by": one.decided_by,
        "decided_at": moment(one.decided_at),
        "alike": round(one.alike, 4),
    }
