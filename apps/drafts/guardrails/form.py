"""RULE: a reply is a reply: some text, of a sane length, in the customer's language, with nothing left over in it."""

from __future__ import annotations

import itertools
import operator
import re
from collections import Counter
from collections.abc import Iterator

from apps.drafts.guardrails.languages import language_of
from apps.drafts.guardrails.privacy import MASK
from apps.drafts.guardrails.splitting import words_of
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Finding, StageVerdict
from apps.drafts.states import Stage

MOST_CHARACTERS = 8000
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,80}\}\}|\{%[^%\n]{0,80}%\}|<<[^<>\n]{1,60}>>|\$\{[^{}\n]{1,60}\}|%%?[A-Z_]{3,40}%%?"
    r"|__[A-Z_]{3,40}__"
    r"|\[(?:\[)?(?:your|my|our|the|insert|add|enter|company|business|customer|client|agent|order|tracking"
    r"|product|item|date|"
    r"name|first|last|full|email|e-mail|phone|amount|price|address|link|url|number|signature|store|support"
    r"|team|job|title|refund|"
    r"ihr|ihre|dein|nom|votre|nombre|su|xx+|todo|tbd|placeholder|fill)(?:[ _'’/-][^\[\]\n]{0,60})?\](?:\])?"
    r"|<(?:name|customer|order|date|amount|insert|your|company|email|phone|link|agent|product"
    r"|tracking)[ _A-Za-z-]{0,40}>|\b(?:XX+[-/. ]XX+(?:[-/. ]XX+)?|X{4,}|lorem ipsum|TODO|TBD|FIXME)\b"
    r"|_{4,}",
    re.I,
)
_JSON = re.compile(
    r'^\s{0,20}(?:```(?:json)?\s{0,5})?[\[{]\s{0,20}["\'{\[]|"(?:body|subject|reply|text|draft|message'
    r'|response|to)"\s{0,3}:\s{0,3}["\[{]|\}\s{0,5}```|\\n\\n|"\s{0,10}\}\s{0,10}$'
)
_MODEL = re.compile(
    r"\b(?:as an? (?:\w+ )?(?:ai|artificial intelligence|language model|large language|llm|chat ?bot"
    r"|virtual model)\b|i(?:'m| am) (?:just |only )?an? (?:\w+ )?(?:ai|language model|llm)\b"
    r"|(?:my|the) (?:training data|knowledge cut-?off|context window)|i (?:cannot|can't|can not"
    r"|am unable to|'m unable to) (?:assist|comply|fulfil+|help) (?:you )?with (?:that|this) request"
    r"|here(?:'s| is) (?:a|the|your) (?:draft|reply|response|possible|suggested|revised|rewritten)|(?:sure"
    r"|certainly|of course)[,!] here|(?:based on|according to|from) the (?:provided|given|supplied"
    r"|above) (?:context|tool|information|data|passages|snippets?)"
    r"|tool (?:data|results?|facts|output|response)|the (?:retrieved|provided) (?:passages?|snippets?"
    r"|examples?)|als (?:ki|sprachmodell|künstliche)|en tant qu(?:e|')\s?(?:ia|modèle)|como (?:una? )?(?:ia"
    r"|modelo de lenguaje|inteligencia)|let me know if you(?:'d| would) like me to (?:adjust|revise|change"
    r"|rewrite))\b",
    re.I,
)
# A sign of the generator's own voice needs a word of the first, or one of each of the others.
_MODEL_CUES = table(
    """
    ai model llm chatbot cutoff cut context provided given supplied tool passages passage snippet snippets
    retrieved examples sprachmodell ki künstliche ia modelo modèle inteligencia adjust revise rewrite draft
    """
)
_REFUSED = table("assist comply fulfil fulfill help")
_PRESENTED = table("sure certainly course reply response possible suggested revised rewritten")
_HOLDING = ("[", "{", "<", "$", "%", "_", "xx", "todo", "tbd", "fixme", "lorem")


def _may_hold(text: str) -> bool:
    return any(map(text.lower().__contains__, _HOLDING))


def _may_be_model(words: frozenset[str]) -> bool:
    return (
        not _MODEL_CUES.isdisjoint(words)
        or ("request" in words and not _REFUSED.isdisjoint(words))
        or ("here" in words and not _PRESENTED.isdisjoint(words))
        or {"like", "me", "change"} <= words
        or ("chat" in words and "bot" in words)
        or ("artificial" in words or ("language" in words or "training" in words))
    )


def judge_form(body: str, customer_text: str) -> StageVerdict:
    """body: masked. customer_text: what the customer wrote last; empty when unknown."""
    if not any(c.isalnum() for c in body):
        return StageVerdict(
            Stage.FORM, "fail", "The reply is empty.", (Finding("empty", 0, 0, "", "It says nothing."),)
        )
    shown = body[: MOST_CHARACTERS * 2]
    findings = [*_left_over(shown), *_repeats(shown)]
    if len(body) > MOST_CHARACTERS:
        words = f"It has {len(body):,} characters; {MOST_CHARACTERS:,} are allowed."
        findings.insert(0, Finding("long", 0, 0, "", words))
    theirs, ours = language_of(customer_text), language_of(body)
    if theirs and ours and theirs != ours:
        findings.append(Finding("language", 0, 0, "", f"The customer writes {theirs}, the reply is {ours}."))
    fails = [f for f in findings if f.kind != "language"]
    if fails:
        return StageVerdict(Stage.FORM, "fail", fails[0].words, tuple(findings[:30]))
    if findings:
        return StageVerdict(Stage.FORM, "warn", findings[0].words, tuple(findings))
    return StageVerdict(Stage.FORM, "pass", "It has the form of a reply.")


def _left_over(shown: str) -> Iterator[Finding]:
    """Placeholders, gaps left by masking, remains of JSON, and the generator's own voice."""
    marks = list(MASK.finditer(shown)) if "[" in shown else []
    masks = {at for m in marks for at in range(m.start(), m.end())}
    for found in _PLACEHOLDER.finditer(shown) if _may_hold(shown) else ():
        if found.start() not in masks:
            yield _of("placeholder", found, "A gap that was never filled.")
    gaps = [m for m in marks if m.group().endswith("hidden]")]
    yield from (_of("gap", m, "What was masked here leaves a gap: word it anew.") for m in gaps)
    if any(map(shown.__contains__, ("{", '"', "\\n", "```"))):
        remains = list(_JSON.finditer(shown))[:5]
        yield from (_of("json", m, "A remnant of the generator's answer format.") for m in remains)
    words = words_of(shown)
    if not _SECRETS.isdisjoint(words) and not _SENDING.isdisjoint(words):
        asks = "It asks the customer for a secret, which no reply may."
        yield from (_of("secret", m, asks) for m in _ASKS_SECRET.finditer(shown) if not _NEVER.search(m.group()))
    if _may_be_model(words):
        voice = "The generator speaks of itself or of its task."
        yield from (_of("model_speech", m, voice) for m in _MODEL.finditer(shown))


_SECRETS = table("password passcode pin cvv cvc code card passwort kennwort contraseña wachtwoord tan")
_SENDING = table("send give tell provide confirm share enter reply email text need require mit senden nennen")
_ASKED_FOR = (
    r"(?:passwords?|passcodes?|pin\b(?: (?:code|number))?|cvv|cvc|(?:full |credit |debit "
    r"|bank )*card (?:number|details)|"
    r"security code|(?:code|number|digits) on (?:the|your) (?:back|front|card)|one[- ]time (?:code"
    r"|password)|passwort|kennwort)"
)
_NEVER = re.compile(r"\b(?:never|not|n't|nobody|without|nie|nicht)\b|n't\b", re.I)
_ASKS_SECRET = re.compile(
    rf"[^.!?\n]{{0,60}}\b(?:send|give|tell|provide|confirm|share|enter|reply with|e-?mail|text|need|require"
    rf"|nennen|senden)\b"
    rf"[^.!?\n]{{0,40}}\byour [^.!?\n]{{0,30}}?{_ASKED_FOR}|[^.!?\n]{{0,60}}\b(?:send|give|tell|provide"
    rf"|confirm|share|reply with)\b"
    rf"[^.!?\n]{{0,20}}\bthe (?:code|number|digits) on (?:the|your) (?:back|front)",
    re.I,
)


def _of(kind: str, found: re.Match[str], words: str) -> Finding:
    return Finding(kind, found.start(), found.end(), found.group()[:80], words)


def _repeats(body: str) -> list[Finding]:
    """Sentences of five words and more that come three times or more, and a word ten times in a row."""
    if len(body) < 150:
        return []
    lower = body.lower()
    parts = [part for part in map(str.strip, _ENDS.split(lower)) if len(part) > 9]
    often = []
    if len(parts) - len(set(parts)) >= 2:
        often = [part for part, times in Counter(parts).items() if times >= 3 and len(part.split()) >= 5]
    if often or _longest_run(lower.split()) >= 8:
        return [Finding("repeated", 0, 0, (often or [""])[0][:80], "It repeats itself.")]
    return []


_ENDS = re.compile(r"[.!?\n]")


def _longest_run(words: list[str]) -> int:
    """How often the same word comes in a row, at most."""
    alike = sum(map(operator.eq, words, words[1:]))
    return alike + 1 if alike < 7 else max(len(list(run)) for _, run in itertools.groupby(words))
