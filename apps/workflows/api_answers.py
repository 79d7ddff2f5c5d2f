"""EDGE: where an agent that took work on (HTTP 202) posts its answer, signed as the work was that it was given."""

from uuid import UUID

from django.db import connection
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from standardwebhooks import Webhook, WebhookVerificationError

from apps.accounts.row_access import acting_for
from apps.agents.answers import MOST_ANSWER_BYTES, CallFailed, decode
from apps.agents.models import Agent
from apps.core import bodies
from apps.core.errors import Invalid, NotAllowed
from apps.core.schemas import problems
from apps.core.sealing import unseal
from apps.workflows.answering import answer_step

_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


class StepAnswer(APIView):
    """POST /v1/workflows/steps/{id}/answer: the answer of an agent to a step that it took on."""

    # The signature is the key: only the agent and Gatehouse know its secret.
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    @extend_schema(
        tags=["workflows"],
        summary="Answer a step that was taken on (HTTP 202)",
        description=(
            "For agents. The id is the Idempotency-Key the work came with. The body is the answer as the agent would "
            "have given it at once, signed with the agent's secret as Standard Webhooks has it. One answer counts; "
            "one that comes when none is awaited is refused (409) and counted."
        ),
        auth=[],
        parameters=[OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True) for name in _SIGNED],
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT, **problems(400, 403, 404, 409, 413, 422)},
    )
    def post(self, request: Request, step_id: UUID) -> Response:
        content = bodies.raw(request)
        if len(content) > MOST_ANSWER_BYTES:
            raise bodies.TooLarge(f"At most {MOST_ANSWER_BYTES} bytes are taken")
        found, agent = _agent_of(step_id)
        _check_signature(request, content, agent)
        try:
            answer = decode(content)
        except CallFailed as error:
            raise Invalid("", str(error)) from None
        step = answer_step(step_id=found, answer=answer, agent=agent)
        return Response({"step": str(step.pk), "state": step.state})


def _agent_of(step_id: UUID) -> tuple[UUID, Agent]:
    """(the step, the agent it was given to). Raises NotAllowed: whoever may not answer learns of no step either."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT step_id, business_id, agent_id FROM workflows_answerer_of(%s)", [step_id])
        row = cursor.fetchone()
    if row is None:
        raise NotAllowed(_REFUSED)
    with acting_for(row[1]):
        return row[0], Agent.objects.get(pk=row[2])


def _check_signature(request: Request, content: bytes, agent: Agent) -> None:
    headers = {name: request.headers.get(name, "") for name in _SIGNED}
    try:
        if not agent.secret:
            raise NotAllowed(_REFUSED)
        Webhook(unseal(agent.secret)).verify(content, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        raise NotAllowed(_REFUSED) from None


_REFUSED = "The signature does not fit, is too old, or belongs to no step that was given to an agent"
