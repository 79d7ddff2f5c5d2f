"""ACT: ask whichever model answers for an opinion: one JSON object, in time or not at all.

The judge of the six checks uses it (apps/goals/judgement.py holds what is asked and how far the answer counts).
"""

import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.llm.asking import ask
from apps.llm.structured import NotFitting, object_in

log = logging.getLogger(__name__)

PURPOSE = "judge"
MAX_TOKENS = 900  # of the answer
MAX_MATERIAL = 24_000  # characters


@dataclass(frozen=True, slots=True)
class Opinion:
    """found: the object the model wrote, whatever it holds. model: as the provider names the one that answered."""

    found: dict[str, Any]
    model: str


def ask_for_opinion(*, business_id: UUID, instructions: str, material: str, timeout: float) -> Opinion | None:
    """The opinion of the first provider that answers, each asked once; None without any, however that came.

    material: not sent when longer than MAX_MATERIAL. timeout: seconds for all of it. What goes wrong is logged, not
    raised. Call outside of a transaction.
    """
    if len(material) > MAX_MATERIAL:
        return None
    answer = ask(
        business_id=business_id,
        purpose=PURPOSE,
        system=instructions,
        user=material,
        json=True,
        max_tokens=MAX_TOKENS,
        temperature=0,
        timeout=timeout,
        retries=0,
    )
    if answer.error:
        log.warning("The judge %s did not answer: %s", answer.provider or "of no provider", answer.why)
        return None
    try:
        return Opinion(object_in(answer.text), answer.model)
    except NotFitting:
        log.warning("The judge %s answered something else than an object", answer.provider)
        return None
