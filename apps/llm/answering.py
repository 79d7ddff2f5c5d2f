"""ACT: a model asked once for an answer that counts: what goes wrong is raised, and what it cost is told.

Beside it, judging.py asks for an opinion that may be missing.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.core.ids import new_id
from apps.llm.asking import carry_out
from apps.llm.bodies import Wanted
from apps.llm.noting import Call
from apps.llm.providing import chat_providers
from apps.llm.requesting import MOST_BYTES
from apps.llm.responses import LLMResponse, Turn, Why
from apps.llm.structured import without_fence

MAX_ANSWER_BYTES = MOST_BYTES
MAX_TOKENS = 4096  # of the answer


class NoProvider(Exception):
    """No provider is set up, or, for an agent without a model of its own, none that has one."""


class ModelFailed(Exception):
    """The provider gave no answer. status: what it answered, 0 when it did not. again: whether trying may help."""

    def __init__(self, words: str, *, again: bool, status: int = 0, timed_out: bool = False) -> None:
        super().__init__(words)
        self.again = again
        self.status = status
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Completion:
    """text: as the model wrote it, without a code fence. cost: USD, as told or by a price; None if neither."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None


def complete(
    *,
    instructions: str,
    material: str,
    model: str = "",
    timeout: float,
    business_id: UUID | None = None,
    purpose: str = "agent",
    subject: tuple[str, UUID] | None = None,
) -> Completion:
    """One JSON answer of `model` ("": each provider's own). timeout: seconds for everything.

    Each provider is asked once: whoever calls tries again by rules of its own. Raises NoProvider, ModelFailed.
    """
    order = chat_providers(business_id)
    if not order:
        raise NoProvider("No model provider is set up: LLM_BASE_URL is empty, and the page Models names none")
    if not any(one.model_for(model) for one in order):
        raise NoProvider("No model is named, neither here nor as LLM_MODEL")
    wanted = Wanted(instructions, (Turn("user", material),), json=True, max_tokens=MAX_TOKENS)
    call = Call(new_id(), business_id, purpose, subject=subject)
    answer = carry_out(call, wanted, order, model=model, timeout=timeout, retries=0)
    if answer.error:
        raise _failure(answer)
    tokens_in = answer.tokens_in + answer.tokens_cached
    return Completion(without_fence(answer.text), tokens_in, answer.tokens_out, _rounded(answer.cost))


def _failure(answer: LLMResponse) -> ModelFailed:
    status = 0 if answer.why in (Why.UNREACHABLE, Why.BROKEN_OFF) else answer.status
    return ModelFailed(answer.error, again=answer.again, status=status, timed_out=answer.why is Why.TIMEOUT)


def _rounded(cost: Decimal | None) -> Decimal | None:
    return cost.quantize(Decimal("0.000001")) if cost else None
