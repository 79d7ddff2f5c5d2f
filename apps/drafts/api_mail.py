"""EDGE: mail that is posted to a mailbox, signed with the mailbox's secret."""

import base64
import binascii
import time
from uuid import UUID

import msgspec
from django.db import connection
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.row_access import acting_for
from apps.core.bodies import TooLarge
from apps.core.errors import Malformed, NotAllowed
from apps.core.schemas import problems
from apps.core.sealing import unseal
from apps.drafts.inbound import FRESH_SECONDS, SIGNED, is_fresh, is_signed
from apps.drafts.models import Mailbox
from apps.drafts.parsing import MOST_BYTES
from apps.drafts.receiving import receive
from apps.drafts.states import Source

# Base64 takes four bytes for three; and some for the JSON around it.
MOST_JSON = MOST_BYTES * 4 // 3 + 4096
TOO_LARGE = f"A mail may have {MOST_BYTES // (1024 * 1024)} MB at most"
REFUSED = f"The signature does not fit, is older than {FRESH_SECONDS // 60} minutes, or belongs to no mailbox"


_ANSWER = inline_serializer(
    "MailReceived",
    {
        "message": serializers.UUIDField(),
        "thread": serializers.UUIDField(),
        "duplicate": serializers.BooleanField(),
        "draft": serializers.UUIDField(allow_null=True),
    },
)


class MailIn(msgspec.Struct, forbid_unknown_fields=True):
    """raw: the mail (RFC 5322), in base64."""

    raw: str


class InboundMail(APIView):
    """POST /v1/mail/inbound/{mailbox id}: one mail, as its server has it."""

    # The signature is the key: only the mailbox's owner and Gatehouse know its secret.
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    @extend_schema(
        operation_id="post_mail",
        tags=["Mail"],
        summary="Post a mail that came in for a mailbox",
        description=(
            "For mail servers and gateways. The body is the raw mail (any content type but JSON), or "
            '{"raw": its base64} as application/json; signed with the mailbox\'s secret as Standard Webhooks has it. '
            "The same mail posted again, or fetched by IMAP too, is one message (200 instead of 201)."
        ),
        auth=[],
        parameters=[OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True) for name in SIGNED],
        request={"message/rfc822": OpenApiTypes.BINARY, "application/json": OpenApiTypes.OBJECT},
        responses={
            (200, "application/json"): _ANSWER,
            (201, "application/json"): _ANSWER,
            **problems(400, 403, 404, 413),
        },
    )
    def post(self, request: Request, mailbox_id: UUID) -> Response:
        headers = {name: request.headers.get(name, "") for name in SIGNED}
        if not is_fresh(headers, time.time()):
            raise NotAllowed(REFUSED)
        mailbox = _mailbox(mailbox_id)
        is_json = request.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"
        content = _content(request, MOST_JSON if is_json else MOST_BYTES)
        if not is_signed(headers, content, unseal(mailbox.webhook_secret)):
            raise NotAllowed(REFUSED)
        received = receive(mailbox=mailbox, raw=_raw(content) if is_json else content, source=Source.WEBHOOK)
        answer = {
            "message": str(received.message.pk),
            "thread": str(received.message.thread_id),
            "duplicate": received.duplicate,
            "draft": str(received.draft.pk) if received.draft else None,
        }
        return Response(answer, status=200 if received.duplicate else 201)


def _mailbox(mailbox_id: UUID) -> Mailbox:
    """Raises NotAllowed: whoever may not post learns of no mailbox either."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM drafts_mailbox_of(%s)", [mailbox_id])
        row = cursor.fetchone()
    if row is None:
        raise NotAllowed(REFUSED)
    with acting_for(row[0]):
        mailbox = Mailbox.objects.get(pk=mailbox_id)
    if not mailbox.webhook_secret:
        raise NotAllowed(REFUSED)
    return mailbox


def _content(request: Request, most: int) -> bytes:
    """The body, read only so far that its size can be judged. Raises TooLarge."""
    told = request.META.get("CONTENT_LENGTH") or ""
    if told.isdigit() and int(told) > most:
        raise TooLarge(TOO_LARGE)
    content = request._request.read(most + 1)
    if len(content) > most:
        raise TooLarge(TOO_LARGE)
    return bytes(content)


def _raw(content: bytes) -> bytes:
    try:
        raw = base64.b64decode(msgspec.json.decode(content, type=MailIn).raw, validate=True)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise Malformed(f"Not {{raw: base64}}: {error}") from None
    if len(raw) > MOST_BYTES:
        raise TooLarge(TOO_LARGE)
    return raw
