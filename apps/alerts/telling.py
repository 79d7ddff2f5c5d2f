"""ACT: one attempt to tell one notice by one channel, with no transaction open. Never raises for what is outside.

What comes back holds no secret: addresses of webhooks and keys go into the request and nowhere else.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from apps.alerts.formats import Message, pagerduty_event, pagerduty_reason, slack_payload, slack_reason
from apps.alerts.models import Channel
from apps.alerts.retrying import Result, result_of, seconds_asked
from apps.core.errors import GatehouseError
from apps.core.outbound import Answer, Refused, Unreachable, send
from apps.core.sealing import unseal

TIMEOUT_SECONDS = 10


def tell(channel: Channel, message: Message) -> Result:
    """One attempt by Slack or PagerDuty."""
    try:
        if channel.kind == Channel.Kind.SLACK:
            return _read(_to_slack(channel, message), slack=True)
        return _read(_to_pagerduty(channel, message), slack=False)
    except Refused as error:
        return Result(ok=False, error=error.detail, permanent=True)
    except Unreachable as error:
        return Result(ok=False, error=error.detail)
    except GatehouseError as error:
        return Result(ok=False, error=error.title)


def _to_slack(channel: Channel, message: Message) -> Answer:
    return send("POST", unseal(channel.secret), json=slack_payload(message), timeout=TIMEOUT_SECONDS)


def _to_pagerduty(channel: Channel, message: Message) -> Answer:
    host = urlsplit(settings.PUBLIC_URL).hostname or "gatehouse"
    event = pagerduty_event(message, routing_key=unseal(channel.secret), host=host)
    url = settings.PAGERDUTY_EVENTS_URL.rstrip("/") + "/v2/enqueue"
    return send("POST", url, json=event, timeout=TIMEOUT_SECONDS)


def _read(answer: Answer, *, slack: bool) -> Result:
    reason = "" if answer.ok else slack_reason(answer.body) if slack else _said(answer)
    asked = seconds_asked(answer.headers.get("retry-after"), now=timezone.now())
    return result_of(answer.status, reason=reason, retry_after=asked)


def _said(answer: Answer) -> str:
    try:
        return pagerduty_reason(answer.json())
    except (ValueError, RecursionError):
        return ""
