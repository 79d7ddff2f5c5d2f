"""ACT: have a reply written: by the model of the business, or by the template drafter where no model can."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.drafts.guardrails.terms import Candidate
from apps.drafts.prompting import SCHEMA, Materials, Prompt
from apps.drafts.states import Intent, MadeBy
from apps.drafts.template import NAME, write_reply
from apps.llm.asking import ask, has_provider
from apps.llm.providing import chat_providers

# Of an answer; a reply of 200 words takes 300.
MOST_TOKENS = 1500
# A reply that is longer is none: it is not cut, because what was left out of it nobody would have read.
LONGEST_BODY, LONGEST_SUBJECT = 20_000, 2_000
PURPOSE = "draft"


@dataclass(frozen=True, slots=True)
class Generated:
    """What was written and by whom. error: why it was not the model, in words; "" when it was, or when there is none.

    tokens: of the prompt as the provider counted them; None where nobody did.
    """

    candidate: Candidate
    made_by: MadeBy
    model: str = ""
    provider: str = ""
    tokens: int | None = None
    usage_id: UUID | None = None
    error: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)


def generate(
    *,
    business_id: UUID,
    draft_id: UUID,
    intent: Intent,
    prompt: Prompt,
    materials: Materials,
    subject: str,
    model: str,
    seconds: float,
) -> Generated:
    """The reply to materials.message. Call outside of a transaction; never raises for what providers do.

    subject: of the reply, where the model gives none. model: "" for the provider's own.
    """
    if prompt.over:
        return _by_template(intent, materials, subject, "The mail does not fit into the token budget of the model")
    if not has_provider(business_id):
        return _by_template(intent, materials, subject, "")
    answer = ask(
        business_id=business_id,
        purpose=PURPOSE,
        system=prompt.system,
        user=prompt.user,
        model=model,
        schema=SCHEMA,
        max_tokens=MOST_TOKENS,
        timeout=seconds,
        subject=(PURPOSE, draft_id),
    )
    told: dict[str, Any] = {
        "model": answer.model[:120],
        "provider": answer.provider[:80],
        "tokens": (answer.tokens_in + answer.tokens_cached) or None,
        "usage_id": answer.usage_id,
        "attempts": [{"provider": one.provider, "model": one.model, "error": one.error} for one in answer.attempts],
    }
    candidate, problem = _candidate(answer.data, subject) if answer.ok else (None, answer.error)
    if candidate is None:
        return _by_template(intent, materials, subject, f"The model gave no reply: {problem}"[:300], told)
    return Generated(candidate, MadeBy.MODEL, **told)


def counted_model(business_id: UUID, chosen: str) -> str:
    """The first model that will be asked, by whose tokens a prompt is counted. chosen: "" for the provider's own."""
    return next((named for one in chat_providers(business_id) if (named := one.model_for(chosen))), chosen)


def _candidate(data: Any, subject: str) -> tuple[Candidate | None, str]:
    """What the model answered as a reply, or why it is none."""
    if not isinstance(data, dict) or not isinstance(data.get("body"), str):
        return None, "its answer had no text"
    body, said = data["body"], data.get("subject")
    if not _plain(body).strip():
        return None, "its answer was empty"
    if len(body) > LONGEST_BODY:
        return None, f"its answer had {len(body)} characters"
    chosen = said[:LONGEST_SUBJECT] if isinstance(said, str) and said.strip() else subject
    tried = {str(key)[:80]: value for key, value in data.items() if key not in ("body", "subject")}
    return Candidate(_plain(chosen), _plain(body), tried), ""


def _by_template(
    intent: Intent, materials: Materials, subject: str, error: str, told: dict[str, Any] | None = None
) -> Generated:
    written = write_reply(intent, materials)
    kept = told or {}
    return Generated(
        Candidate(subject, written.body),
        written.made_by,
        model=NAME,
        provider="",
        tokens=None,
        usage_id=kept.get("usage_id"),
        error=error,
        attempts=kept.get("attempts", []),
    )


def _plain(text: str) -> str:
    """What PostgreSQL can keep: no null characters, no half of a pair."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
