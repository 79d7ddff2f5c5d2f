"""A model provider asked for a JSON object, in time or not at all.

The judge of the six checks uses it (apps/goals/judgement.py holds what is asked and how far the answer counts).
"""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT = 2.0  # seconds
MAX_TOKENS = 900  # of the answer
MAX_MATERIAL = 24_000  # characters


class JsonModel:
    """Any OpenAI-compatible endpoint. `answer` never raises: what goes wrong is logged and gives None."""

    def __init__(self, *, base_url: str, api_key: str, model: str, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.model = model
        self._connection = (base_url, api_key, timeout)

    def answer(self, instructions: str, material: str) -> dict[str, Any] | None:
        """The JSON object the model answered with; None on timeout, error, over-long material or any other form."""
        if len(material) > MAX_MATERIAL:
            return None
        try:
            reply = _client(*self._connection).chat.completions.create(
                model=self.model,
                messages=[{"role": "system", "content": instructions}, {"role": "user", "content": material}],
                response_format={"type": "json_object"},
                temperature=0,
                max_tokens=MAX_TOKENS,
            )
            given = json.loads(reply.choices[0].message.content or "")
        except Exception as error:  # a provider fails in many ways; the rules stand alone then
            log.warning("The judge %s did not answer: %s", self.model, type(error).__name__)
            return None
        return given if isinstance(given, dict) else None


@lru_cache(maxsize=8)
def _client(base_url: str, api_key: str, timeout: float) -> OpenAI:
    from openai import OpenAI

    return OpenAI(base_url=base_url, api_key=api_key or "none", timeout=timeout, max_retries=0)
