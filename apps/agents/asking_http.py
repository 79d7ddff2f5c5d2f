"""ACT: one HTTP request to an agent or tool, within its time and size, to an address that may be called."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from apps.agents.answers import MOST_ANSWER_BYTES, CallFailed, Why
from apps.agents.models import Agent
from apps.core import outbound
from apps.core.sealing import seal, unseal
from apps.core.signing import signed_headers

_TRY_LATER = (408, 425, 429)


def post_signed(agent: Agent, *, work_id: str, content: bytes, timeout: float) -> tuple[int, bytes]:
    """POST `content` to the agent, signed; (status 2xx, body). Raises CallFailed."""
    signed = signed_headers([unseal(agent.secret)], message_id=work_id, at=timezone.now(), content=content)
    headers = extra_headers(agent.headers) | signed | {"idempotency-key": work_id}
    return exchange("POST", agent.url, content=content, headers=headers, timeout=timeout, whom="agent")


def exchange(
    method: str, url: str, *, content: bytes | None, headers: Mapping[str, str], timeout: float, whom: str
) -> tuple[int, bytes]:
    """One request; (status 2xx, body of at most MOST_ANSWER_BYTES). whom: agent or tool, for the words.

    Raises CallFailed: refused, timeout, unreachable, status (5xx, 408, 425 and 429 may be tried again), too_large.
    """
    try:
        answer = outbound.send(method, url, content=content, headers=headers, timeout=timeout)
    except outbound.Refused as error:
        words = f"The address of the {whom} may not be called: {error}"
        raise CallFailed(words, again=False, why=Why.REFUSED) from error
    except outbound.Unreachable as error:
        why = Why.TIMEOUT if isinstance(error, outbound.TimedOut) else Why.UNREACHABLE
        raise CallFailed(f"The {whom} could not be reached: {error}", again=True, why=why) from error
    if not answer.ok:
        again = answer.status >= 500 or answer.status in _TRY_LATER
        raise CallFailed(f"The {whom} answered {answer.status}", again=again, why=Why.STATUS)
    if answer.cut or len(answer.body) > MOST_ANSWER_BYTES:
        words = f"The {whom}'s answer is larger than {MOST_ANSWER_BYTES} bytes"
        raise CallFailed(words, again=False, why=Why.TOO_LARGE)
    return answer.status, answer.body


def seal_headers(headers: Mapping[str, str]) -> str:
    """Extra request headers as they are stored; "" for none."""
    return seal(json.dumps(dict(headers))) if headers else ""


def extra_headers(sealed: str) -> dict[str, str]:
    """What `seal_headers` stored; names in lower case, so that they replace ours of the same name or give way to it."""
    stored: dict[str, Any] = json.loads(unseal(sealed)) if sealed else {}
    return {name.lower(): value for name, value in stored.items()}
