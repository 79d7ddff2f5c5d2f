"""RULE: signs in a draft that it obeys foreign instructions, or speaks of its own."""

from __future__ import annotations

import re

from apps.drafts.guardrails.tables import table

# In a draft: signs that it speaks of its instructions or carries over what a reply never has.
OBEYED = re.compile(
    r"\b(?:system ?prompt|my (?:system |initial |original |hidden )?(?:prompt|instructions) (?:are|is|say"
    r"|were|state|tell)|(?:as|i was|i have been|i've been|i am|i'm) instructed (?:to|by|not)|(?:previous"
    r"|prior|above) instructions|(?:ignoring|disregarding|overriding) (?:all |my |the |any )?(?:previous"
    r"|prior|rules|instructions|guidelines|policy)|(?:developer|dan|jailbreak|god|debug|admin|unrestricted"
    r"|maintenance) mode|do anything now|i am (?:now )?(?:dan|an unrestricted)|language model"
    r"|prompt injection|access granted|override (?:accepted|confirmed|successful|complete)"
    r"|instructions? (?:received|accepted|followed|overridden)|per (?:the |your )?(?:new|system|override"
    r"|admin) instructions?|these are my instructions|my guidelines (?:are|say)|you are (?:a|an) (?:helpful"
    r"|customer (?:service|support)|email|support)\b[^\n]{0,40}?(?:assistant|agent|drafter|ai))"
    r"|<\|?(?:im_start|im_end|system|endoftext)|\[/?INST\]|<</?SYS>>|(?:^|\n)(?:system|assistant|user|human"
    r"|developer) ?: |#{3,} ?(?:instruction|system|response)|<(?:script|img|iframe|object|embed|svg|form"
    r"|meta|link|style|base)\b|<!--|!\[[^\]\n]{0,80}\]\(|javascript:|data:text/html|on(?:error|load"
    r"|click)\s?=|(?:^|\n)\s{0,6}[\"']?(?:tool_name|tool_result|function_call|tool_calls|arguments"
    r"|role)[\"']?\s?:"
    r"|\b(?:hacked|pwned|jailbroken)\b",
    re.I,
)
OBEYED_CUES = table(
    """
    prompt systemprompt instructed instructions instruction ignoring disregarding overriding mode dan language
    injection granted override guidelines endoftext inst sys system assistant user human developer javascript
    onerror onload onclick tool function arguments role hacked pwned jailbroken unrestricted helpful drafter
    """
)
