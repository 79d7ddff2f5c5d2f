"""ACT: hand work to an agent over HTTP, signed as Standard Webhooks, and understand its answer."""

from typing import Any

import msgspec
from django.utils import timezone

from apps.agents.models import Agent
from apps.core import outbound
from apps.core.sealing import unseal
from apps.core.signing import signed_headers

MOST_RESULT_BYTES = 256 * 1024


class AgentFailed(Exception):
    """The agent did not carry out the work. `again`: whether trying once more may help."""

    def __init__(self, words: str, *, again: bool) -> None:
        super().__init__(words)
        self.again = again


def call_agent(*, agent: Agent, work_id: str, body: dict[str, Any]) -> Any:
    """POST `body` to the agent; its JSON answer.

    work_id travels as webhook-id and Idempotency-Key, the same at every attempt: an agent can tell a repetition.
    Raises AgentFailed: unreachable, too slow, 5xx, 429 and 408 may be tried again; other answers and non-JSON may not.
    """
    content = msgspec.json.encode(body)
    headers = signed_headers([unseal(agent.secret)], message_id=work_id, at=timezone.now(), content=content)
    try:
        answer = outbound.send(
            "POST",
            agent.url,
            content=content,
            headers=headers | {"idempotency-key": work_id},
            timeout=agent.timeout_seconds,
        )
    except outbound.Refused as error:
        raise AgentFailed(f"The address of the agent may not be called: {error}", again=False) from error
    except outbound.Unreachable as error:
        raise AgentFailed(f"The agent could not be reached: {error}", again=True) from error
    return _understand(answer)


def _understand(answer: outbound.Answer) -> Any:
    if answer.status >= 500 or answer.status in (408, 429):
        raise AgentFailed(f"The agent answered {answer.status}", again=True)
    if not 200 <= answer.status < 300:
        raise AgentFailed(f"The agent answered {answer.status}", again=False)
    if len(answer.body) > MOST_RESULT_BYTES:
        raise AgentFailed(f"The agent's answer is larger than {MOST_RESULT_BYTES} bytes", again=False)
    try:
        return msgspec.json.decode(answer.body or b"null")
    except msgspec.DecodeError as error:
        raise AgentFailed("The agent's answer is not JSON", again=False) from error
