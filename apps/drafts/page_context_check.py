"""EDGE: verdicts of the guardrails on text that is being typed, as the pane shows them."""

from typing import Any

import msgspec

from apps.drafts.marking import facts_of
from apps.drafts.page_context_pane import unsupported, verdicts_of


def context_of(verdicts: Any) -> dict[str, Any]:
    """verdicts: as check_draft gives them."""
    plain = msgspec.to_builtins(verdicts)
    facts = facts_of(plain.get("claims") or [])
    return {
        "facts": facts,
        "unsupported": unsupported(facts),
        "verdicts": verdicts_of(plain.get("stages")),
        "blocked": bool(plain.get("blocked")),
    }
