"""RULE: further forms of instructions: calls of tools in text, a new assignment, a sentence to be completed."""

from __future__ import annotations

import re

from apps.drafts.guardrails.injection_patterns import Pattern


def _p(kind: str, rule: str, cues: str) -> Pattern:
    return Pattern(kind, re.compile(rule, re.I), frozenset(cues.split()))


FORMS: tuple[Pattern, ...] = (
    _p(
        "authority",
        r"\b(?:function_calls?|tool_calls?|tool_use|invoke)\b[\"'\s]{0,3}[:=({]"
        r"|\{\s{0,3}[\"'](?:name|tool|function|action)[\"']\s{0,3}:[^\n]{1,60}?[\"'](?:arguments|parameters"
        r"|args|input)[\"']\s{0,3}:",
        "function_call function_calls tool_call tool_calls tool_use invoke arguments parameters args input",
    ),
    _p(
        "redirect",
        r"\byour (?:new|real|actual|true|next) (?:assignment|task|job|mission|role|objective|goal"
        r"|purpose)\b\s?(?::|is\b|-)"
        r"|\beverything (?:above|before|below)(?: this(?: line)?)? (?:was|is) (?:only |just )?(?:a test"
        r"|an example|void|invalid|fake)",
        "assignment task job mission role objective goal purpose everything",
    ),
    _p(
        "exfiltrate",
        r"\b(?:complete|continue|finish|repeat|write (?:down|out)|print|reveal)\b[^\n]{0,60}?\b(?:hidden"
        r"|secret|initial|system|confidential"
        r"|original|internal) (?:text|message|prompt|instructions?|rules)\b",
        "hidden secret initial system confidential original internal",
    ),
    _p(
        "role",
        r"\b(?:you,? (?:as|being)|as) an? ?(?:ai|a\.i\.|language model|llm|chat ?bot|neural network)\b|\byou as ai\b",
        "ai model llm chatbot bot network",
    ),
    _p(
        "authority",
        r"\b(?:everything|whatever|anything|all) (?:that )?(?:i|we|this (?:mail|message|customer)) (?:ask"
        r"|request|want|demand|say)s?(?: for)?"
        r" (?:has to|have to|must|is to|should|shall|will) be (?:granted|approved|done|given|accepted|confirmed)\b",
        "granted approved done given accepted confirmed",
    ),
)
