"""RULE: all layers over one draft."""

from __future__ import annotations

from apps.drafts.guardrails.form import judge_form
from apps.drafts.guardrails.grounding import judge_grounding
from apps.drafts.guardrails.headers import judge_headers
from apps.drafts.guardrails.instructions import judge_instructions
from apps.drafts.guardrails.masking import judge_privacy
from apps.drafts.guardrails.recipients import judge_recipients
from apps.drafts.guardrails.terms import Candidate, Context, Verdicts
from apps.drafts.guardrails.tool_data import judge_tool_data
from apps.drafts.states import Stage

# What makes a draft one that nobody may approve as it is. The others take out what they find.
BLOCKING = frozenset({Stage.TOOL_DATA, Stage.GROUNDING, Stage.INSTRUCTIONS, Stage.FORM})


def check_draft(candidate: Candidate, context: Context) -> Verdicts:
    """Every layer's verdict on the draft, which is returned with headers and personal data taken out.

    Never raises for what a draft or its sources say. Takes time linear in the length of all texts.
    """
    recipients, attempts = judge_recipients(candidate.tried, context.recipients)
    headers, subject, body, headers_tried = judge_headers(candidate.subject, candidate.body)
    raw = body
    privacy, subject, body, redactions = judge_privacy(subject, body, context)
    grounding, claims = judge_grounding(subject, body, context)
    tool_data = judge_tool_data(body, claims, context)
    instructions, obeyed = judge_instructions(body, raw, context)
    customer_text = next((t.text for t in reversed(context.thread) if t.direction == "in"), "")
    stages = (recipients, headers, privacy, tool_data, grounding, instructions, judge_form(body, customer_text))
    return Verdicts(
        stages=stages,
        claims=claims,
        subject=subject,
        body=body,
        blocked=any(v.status == "fail" and v.stage in BLOCKING for v in stages),
        hallucinations=sum(not claim.supported for claim in claims),
        privacy_incidents=len(redactions),
        injection_incidents=attempts + headers_tried + obeyed,
        redactions=redactions,
    )
