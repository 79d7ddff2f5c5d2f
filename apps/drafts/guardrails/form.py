"""RULE: a reply is a reply: some text, of a sane length, in the customer's language, with nothing left over in it."""

from __future__ import annotations

import itertools
import re
from collections import Counter

from apps.drafts.guardrails.languages import language_of
from apps.drafts.guardrails.privacy import MASK
from apps.drafts.guardrails.terms import Finding, StageVerdict
from apps.drafts.states import Stage

MOST_CHARACTERS = 8000
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,80}\}\}|\{%[^%\n]{0,80}%\}|<<[^<>\n]{1,60}>>|\$\{[^{}\n]{1,60}\}|%%?[A-Z_]{3,40}%%?|__[A-Z_]{3,40}__"
    r"|\[(?:\[)?(?:your|my|our|the|insert|add|enter|company|business|customer|client|agent|order|tracking|product|item|date|"
    r"name|first|last|full|email|e-mail|phone|amount|price|address|link|url|number|signature|store|support|team|job|title|refund|"
    r"ihr|ihre|dein|nom|votre|nombre|su|xx+|todo|tbd|placeholder|fill)(?:[ _'’/-][^\[\]\n]{0,60})?\](?:\])?"
    r"|<(?:name|customer|order|date|amount|insert|your|company|email|phone|link|agent|product|tracking)[ _A-Za-z-]{0,40}>|\b(?:XX+[-/. ]XX+(?:[-/. ]XX+)?|X{4,}|lorem ipsum|TODO|TBD|FIXME)\b|_{4,}",
    re.I,
)  # fmt: skip
_JSON = re.compile(r'^\s{0,20}(?:```(?:json)?\s{0,5})?[\[{]\s{0,20}["\'{\[]|"(?:body|subject|reply|text|draft|message|response|to)"\s{0,3}:\s{0,3}["\[{]|\}\s{0,5}```|\\n\\n|"\s{0,10}\}\s{0,10}$')  # fmt: skip
_MODEL = re.compile(
    r"\b(?:as an? (?:\w+ )?(?:ai|artificial intelligence|language model|large language|llm|chat ?bot|virtual model)\b|i(?:'m| am) (?:just |only )?an? (?:\w+ )?(?:ai|language model|llm)\b"
    r"|(?:my|the) (?:training data|knowledge cut-?off|context window)|i (?:cannot|can't|can not|am unable to|'m unable to) (?:assist|comply|fulfil+|help) (?:you )?with (?:that|this) request"
    r"|here(?:'s| is) (?:a|the|your) (?:draft|reply|response|possible|suggested|revised|rewritten)|(?:sure|certainly|of course)[,!] here|(?:based on|according to|from) the (?:provided|given|supplied|above) (?:context|tool|information|data|passages|snippets?)"
    r"|tool (?:data|results?|facts|output|response)|the (?:retrieved|provided) (?:passages?|snippets?|examples?)|als (?:ki|sprachmodell|künstliche)|en tant qu(?:e|')\s?(?:ia|modèle)|como (?:una? )?(?:ia|modelo de lenguaje|inteligencia)|let me know if you(?:'d| would) like me to (?:adjust|revise|change|rewrite))\b", re.I,
)  # fmt: skip
_MODEL_CUES = frozenset("ai model llm chatbot chat training cutoff cut context assist comply fulfil fulfill with draft here certainly provided given supplied above tool passages passage snippet snippets retrieved examples intelligence sprachmodell ki künstliche ia modelo modèle inteligencia adjust revise change rewrite".split())  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_HOLDING = re.compile(r"[\[{<$%_]|XX|TODO|TBD|FIXME|lorem", re.I)


def _may_hold(text: str) -> bool:
    return _HOLDING.search(text) is not None


def judge_form(body: str, customer_text: str) -> StageVerdict:
    """body: masked. customer_text: what the customer wrote last; empty when unknown."""
    findings: list[Finding] = []
    if not any(c.isalnum() for c in body):
        return StageVerdict(
            Stage.FORM, "fail", "The reply is empty.", (Finding("empty", 0, 0, "", "It says nothing."),)
        )
    if len(body) > MOST_CHARACTERS:
        findings.append(Finding("long", 0, 0, "", f"It has {len(body):,} characters; {MOST_CHARACTERS:,} are allowed."))
    shown = body[: MOST_CHARACTERS * 2]
    masks = {span for m in MASK.finditer(shown) for span in range(m.start(), m.end())} if "[" in shown else set()
    for found in _PLACEHOLDER.finditer(shown) if _may_hold(shown) else ():
        if found.start() not in masks:
            findings.append(_of("placeholder", found, "A gap that was never filled."))
    gaps = [m for m in MASK.finditer(shown) if m.group().endswith("hidden]")] if masks else []
    findings += [_of("gap", m, "What was masked here leaves a gap: word it anew.") for m in gaps]
    if "{" in shown or '"' in shown or "\\n" in shown or "```" in shown:
        findings += [
            _of("json", m, "A remnant of the generator's answer format.") for m in list(_JSON.finditer(shown))[:5]
        ]
    if not _MODEL_CUES.isdisjoint(_WORD.findall(shown.lower())):
        findings += [
            _of("model_speech", m, "The generator speaks of itself or of its task.") for m in _MODEL.finditer(shown)
        ]
    findings += _repeats(shown)
    theirs, ours = language_of(customer_text), language_of(body)
    if theirs and ours and theirs != ours:
        findings.append(Finding("language", 0, 0, "", f"The customer writes {theirs}, the reply is {ours}."))
    fails = [f for f in findings if f.kind in ("long", "placeholder", "json", "model_speech", "repeated", "gap")]
    if fails:
        return StageVerdict(Stage.FORM, "fail", fails[0].words, tuple(findings[:30]))
    if findings:
        return StageVerdict(Stage.FORM, "warn", findings[0].words, tuple(findings))
    return StageVerdict(Stage.FORM, "pass", "It has the form of a reply.")


def _of(kind: str, found: re.Match[str], words: str) -> Finding:
    return Finding(kind, found.start(), found.end(), found.group()[:80], words)


def _repeats(body: str) -> list[Finding]:
    """Sentences of five words and more that come three times or more, and a word ten times in a row."""
    if len(body) < 150:
        return []
    parts = [" ".join(part.lower().split()) for part in re.split(r"[.!?\n]", body)]
    counts = Counter(part for part in parts if part.count(" ") >= 4)
    often = [part for part, times in counts.items() if times >= 3]
    words = body.lower().split()
    run = longest = 1
    for one, other in itertools.pairwise(words):
        run = run + 1 if one == other else 1
        longest = max(longest, run)
    if often or longest >= 8:
        return [Finding("repeated", 0, 0, (often or [""])[0][:80], "It repeats itself.")]
    return []
