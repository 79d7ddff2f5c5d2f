"""ACT: a model asked once for a JSON object, in time or not at all.

The judge of the six checks uses it (apps/goals/judgement.py holds what is asked and how far the answer counts).
"""

import logging
from typing import Any
from uuid import UUID

from apps.core.ids import new_id
from apps.llm.asking import carry_out
from apps.llm.bodies import Wanted
from apps.llm.noting import Call
from apps.llm.providing import settings_endpoint
from apps.llm.responses import Turn
from apps.llm.structured import NotFitting, object_in

log = logging.getLogger(__name__)

PURPOSE = "judge"
DEFAULT_TIMEOUT = 2.0  # seconds
MAX_TOKENS = 900  # of the answer
MAX_MATERIAL = 24_000  # characters


class JsonModel:
    """Any OpenAI-compatible endpoint of the operator. `answer` never raises: what goes wrong is logged, and None."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self.model = model
        self._endpoint = settings_endpoint(base_url, api_key, model)
        self._timeout = timeout

    def answer(self, instructions: str, material: str, *, business_id: UUID | None = None) -> dict[str, Any] | None:
        """The JSON object the model answered with; None on timeout, error, over-long material or any other form.

        business_id: for whom the use is noted.
        """
        if len(material) > MAX_MATERIAL:
            return None
        turns = (Turn("user", material),)
        wanted = Wanted(instructions, turns, json=True, max_tokens=MAX_TOKENS, temperature=0)
        call = Call(new_id(), business_id, PURPOSE)
        done = carry_out(call, wanted, [self._endpoint], timeout=self._timeout, retries=0)
        if done.error:
            log.warning("The judge %s did not answer: %s", self.model, done.why)
            return None
        try:
            return object_in(done.text)
        except NotFitting:
            log.warning("The judge %s answered something else than an object", self.model)
            return None
