"""RULE: instructions found in mail, passages and tool answers are data; a draft that carries them out is stopped."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from apps.drafts.guardrails.folding import fold
from apps.drafts.guardrails.injection_foreign import FOREIGN, FOREIGN_CUES, OWN_ABROAD
from apps.drafts.guardrails.injection_forms import FORMS
from apps.drafts.guardrails.injection_patterns import PATTERNS, Pattern
from apps.drafts.guardrails.obedience import OBEYED, OBEYED_CUES
from apps.drafts.guardrails.recipients import bare
from apps.drafts.guardrails.splitting import lowered, words_of
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Context, Finding, StageVerdict
from apps.drafts.states import Stage

MOST_READ = 30_000  # characters of one source
MOST_FOUND = 30
WORDS = {
    "override": "It asks to set instructions aside.",
    "role": "It assigns a role.",
    "jailbreak": "It asks to drop all limits.",
    "reveal": "It asks for instructions, secrets or the data of others.",
    "marker": "It imitates the marks between parts of a prompt.",
    "addressed": "It speaks to a machine.",
    "dictate": "It dictates what the reply must say.",
    "exfiltrate": "It asks to send something elsewhere.",
    "authority": "It claims an authority that mail does not have.",
    "redirect": "It sets another task.",
    "hidden": "It has text that a reader does not see.",
    "encoded": "It has instructions in encoded text.",
}
_WORD = re.compile(r"\w+")
_STRANGE = re.compile("[\u0370-\u1cff\u1f00-\u1fff\u3040-\ud7ff]")
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{24,4000}={0,2}(?![A-Za-z0-9+/=_-])")
_HEX = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}[ :]?){16,2000}(?![0-9a-fA-F])")
_SPACED = re.compile(r"\b(?:\w[ .\-_*]{1,2}){7,400}\w\b")
_INVISIBLE = re.compile(
    "[\u200b-\u200d\u2060-\u2064\ufeff]{3,}|[\U000e0020-\U000e007f]{2,}|[\u202a-\u202e\u2066-\u2069]"
)
_LOOKALIKE = str.maketrans(
    dict(
        zip(
            "аеорсухіѕјԁһАВЕКМНОРСТХІЅЈαορτυικνΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
            "aeopcyxisjdhABEKMHOPCTXISJaoptuikvABEZHIKMNOPTYX",
            strict=True,
        )
    )
)
_LEET = str.maketrans("013457@$", "oieastas")
_ROT13 = re.compile(r"\b(?:vtaber|qvfertneq|sbetrg)\b[^\n]{0,60}\b(?:vafgehpgvbaf|cebzcg|cerivbhf|ehyrf)\b", re.I)
_BACKWARDS = re.compile(r"\b(?:snoitcurtsni|tpmorp|selur)\b[^\n]{0,60}\b(?:erongi|dragersid|tegrof)\b|erongi\b", re.I)
_QUOTED = re.compile(r"[\"“'‘«]([^\"”'’»\n]{4,120})[\"”'’»]")
_PAYLOAD = re.compile(r"\b[A-Z][A-Z0-9_-]{4,30}\b(?: [A-Z][A-Z0-9_-]{1,30}\b){0,4}")
_TARGET = re.compile(
    r"https?://[^\s<>\"')\]]{4,200}|www\.[^\s<>\"')\]]{4,200}"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}|(?<!\w)(?:[a-z0-9-]{2,40}\.)+(?:com|net|org|io|ru"
    r"|xyz|top|site|online|info|example|test)(?:/[\w./?=&%-]{0,100})?",
    re.I,
)


@lru_cache(maxsize=512)
def _in_passage(text: str) -> tuple[Finding, ...]:
    """The same passages come back with draft after draft; they are read once."""
    return instructions_in(text)


def instructions_in(text: str) -> tuple[Finding, ...]:
    """What in a text from outside tries to instruct whoever drafts; offsets of the text, 0, 0 when it is encoded."""
    return tuple(_found(text[:MOST_READ], deep=True))[:MOST_FOUND]


def _found(text: str, *, deep: bool) -> Iterator[Finding]:
    folded = fold(text)
    plain = folded.text
    strange = not plain.isascii() and _STRANGE.search(plain) is not None
    if strange and _mixed(plain):
        plain = plain.translate(_LOOKALIKE)
    lower = plain.lower()
    words = frozenset(_WORD.findall(lower))
    for pattern in (*PATTERNS, *FORMS):
        found = _first(pattern, plain) if _may_find(pattern, lower, words) else None
        if found:
            yield _finding(pattern.kind, text, *folded.span(*_sentence(plain, *found.span())))
    if strange or any(map(lower.__contains__, FOREIGN_CUES)):
        yield from _foreign(text, folded.text, folded)
    if deep:
        yield from _disguised(text, plain, lower, words)


def _may_find(pattern: Pattern, lower: str, words: frozenset[str]) -> bool:
    """Whether the words are there without which there is nothing to be found."""
    if pattern.kind == "hidden":
        return "<!--" in lower or ":" in lower
    return not pattern.cues.isdisjoint(words) and not (pattern.also and pattern.also.isdisjoint(words))


def _first(pattern: Pattern, plain: str) -> re.Match[str] | None:
    """What the pattern finds first that its veto lets stand."""
    for found in pattern.rule.finditer(plain):
        near = (max(0, found.start() - 20), min(len(plain), found.end() + 40))
        if not (pattern.veto and pattern.veto.search(plain, *near)):
            return found
    return None


def _foreign(text: str, plain: str, folded: Any) -> Iterator[Finding]:
    for kind, rule in FOREIGN:
        found = rule.search(plain)
        if found and not (kind == "override" and OWN_ABROAD.search(found.group())):
            yield _finding(kind, text, *folded.span(*_sentence(plain, found.start(), found.end())))
            return


def _disguised(text: str, plain: str, lower: str, words: frozenset[str]) -> Iterator[Finding]:
    """Encoded, spaced out, written backwards, with digits for letters or characters that nobody sees."""
    if not text.isascii() and (unseen := _INVISIBLE.search(text)):
        yield _finding("hidden", text, unseen.start(), unseen.end())
    for decoded in _decodings(plain, words):
        if decoded and any(True for _ in _found(decoded, deep=False)):
            yield _finding("encoded", text, 0, 0, decoded)
    if not _TURNED.isdisjoint(words) and (_ROT13.search(plain) or _BACKWARDS.search(plain)):
        yield _finding("encoded", text, 0, 0, plain[:80])
    other = next((other for other in _unmasked(plain, lower, words) if _overrides(other, lower)), None)
    if other is not None:
        yield _finding("encoded", text, 0, 0, other[:80])


def _decodings(plain: str, words: frozenset[str]) -> Iterator[str]:
    """What stands there in base64 or as hexadecimal digits."""
    longest = max(map(len, words), default=0)
    for block in list(_ENCODED.finditer(plain))[:10] if longest >= 16 else ():
        yield _decoded(block.group())
    for block in list(_HEX.finditer(plain))[:5] if longest >= 32 or sum(len(w) == 2 for w in words) >= 12 else ():
        digits = re.sub(r"[ :]", "", block.group())
        yield bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("ascii", "ignore")


def _unmasked(plain: str, lower: str, words: frozenset[str]) -> Iterator[str]:
    """What was spaced out or has digits for letters, as it would be read."""
    if sum(len(w) == 1 for w in words) >= 5:
        yield from filter(None, (_unspaced(block.group()) for block in list(_SPACED.finditer(plain))[:20]))
    if any(map(_LEETISH.search, words)) or "@" in lower or "$" in lower:
        yield lower.translate(_LEET)


def _overrides(other: str, lower: str) -> bool:
    """Whether what was unmasked tells to ignore or to reveal something."""
    joined = other.replace(" ", "")
    ignores = "ignorepre" in joined or "ignoreall" in joined
    if not ignores and _LEET_SAFE.isdisjoint(_WORD.findall(other)):
        return False
    if any(f.kind in ("override", "reveal", "jailbreak") for f in _found(other, deep=False)):
        return True
    known = "previous" in other or "allinstructions" in other or "allprevious" in other
    return "ignore" in other and other not in lower and known


_TURNED = table("vtaber qvfertneq sbetrg snoitcurtsni tpmorp selur erongi dragersid tegrof")
_LEETISH = re.compile(r"[a-z][01345]+[a-z]|^[1345][a-z0-9]*[a-z]{2}")
_LEET_SAFE = table("ignore instructions prompt disregard jailbreak bypass")


def _unspaced(block: str) -> str:
    """i g n o r e  a l l: with two spaces between words, or all in one."""
    return " ".join(re.sub(r"[ .\-_*]", "", word) for word in re.split(r"[ ]{2,}", block)).lower()


def _mixed(text: str) -> bool:
    """Whether Latin letters stand among Cyrillic or Greek ones, as in a disguise."""
    latin = sum("a" <= c.lower() <= "z" for c in text[:4000])
    return latin > sum("\u0370" <= c <= "\u052f" for c in text[:4000])


def _decoded(block: str) -> str:
    try:
        raw = base64.b64decode(block.replace("-", "+").replace("_", "/") + "=" * (-len(block) % 4), validate=True)
        text = raw.decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return text if sum(c.isprintable() or c.isspace() for c in text) > 0.95 * len(text) else ""


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The line about the span, cut to 200 characters on either side."""
    left = max(text.rfind("\n", max(0, start - 200), start), text.rfind(". ", max(0, start - 200), start)) + 1
    right = text.find("\n", end, end + 200)
    return max(left, start - 200, 0), right if right > 0 else min(len(text), end + 200)


def _finding(kind: str, text: str, start: int, end: int, shown: str = "") -> Finding:
    return Finding(kind, start, end, (shown or text[start:end]).strip()[:300], WORDS[kind])


def judge_instructions(body: str, raw: str, context: Context) -> tuple[StageVerdict, int]:
    """(verdict, signs that the draft obeyed). body: masked; raw: as it was before. What is found is only reported."""
    findings: list[Finding] = []
    for place, text in _texts(context):
        for one in instructions_in(text) if place.startswith(("thread", "tool")) else _in_passage(text):
            findings.append(Finding(one.kind, one.start, one.end, one.text, one.words, place=place))
    signs = list(_obeyed(body, raw, findings, context))
    if signs:
        words = "The draft carries out instructions that came with the mail or the data."
        return StageVerdict(Stage.INSTRUCTIONS, "fail", words, (*signs, *findings[:MOST_FOUND])), len(signs)
    if findings:
        places = ", ".join(sorted({_SHOWN[f.place.partition(":")[0]] for f in findings}))
        return StageVerdict(
            Stage.INSTRUCTIONS,
            "warn",
            f"Instructions stand in {places}. They were read as data.",
            tuple(findings[:MOST_FOUND]),
        ), 0
    return StageVerdict(Stage.INSTRUCTIONS, "pass", "No instructions in what was read."), 0


_SHOWN = {"thread": "the mail", "snippet": "a snippet", "reply": "an earlier reply", "tool": "a tool's answer"}


def _texts(context: Context) -> Iterator[tuple[str, str]]:
    for message in context.thread[-12:]:
        if message.direction == "in":
            yield f"thread:{message.id}", f"{message.subject}\n{message.text}" if message.subject else message.text
    for passage in context.passages:
        yield (
            f"{passage.kind if passage.kind in _SHOWN else 'snippet'}:{passage.id}",
            f"{passage.title}\n{passage.text}",
        )
    for tool in context.tools:
        strings = [s for s in _strings(tool.data) if len(s) > 12 and (" " in s or len(s) > 30)]
        if strings:
            yield f"tool:{tool.name}", "\n".join(strings)[:MOST_READ]


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < 12 and isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner, depth + 1)
    elif depth < 12 and isinstance(value, list | tuple):
        for inner in value[:500]:
            yield from _strings(inner, depth + 1)


def _obeyed(body: str, raw: str, found: list[Finding], context: Context) -> Iterator[Finding]:
    words = "The draft speaks of its instructions, or has what a reply never has."
    if not OBEYED_CUES.isdisjoint(words_of(body)) or "<" in body or "![" in body or "do anything now" in body.lower():
        for sign in list(OBEYED.finditer(body[:MOST_READ]))[:5]:
            yield Finding("obeyed", sign.start(), sign.end(), sign.group()[:80], words)
    if not found:
        return
    known = {bare(a.address) for a in (*context.recipients.to, *context.recipients.cc)} | {
        o.lower() for o in (*context.own, *context.customer)
    }
    for text, words in dict(_named_by(found)).items():
        if text.lower() not in known and text in (raw if words == _DICTATED else raw.lower()):
            yield _at(body, text.lower(), words)


_NAMED = "What the foreign instruction names stands in the draft."
_DICTATED = "What the foreign instruction dictates stands in the draft."


def _named_by(found: list[Finding]) -> Iterator[tuple[str, str]]:
    """What instructions name or dictate, with what it means when it stands in the draft."""
    for one in found:
        if one.kind in ("hidden", "marker") and len(one.text) < 8:
            continue
        yield from ((target.lower().rstrip(".,;:!?"), _NAMED) for target in _TARGET.findall(one.text))
        said = {quoted.strip() for quoted in _QUOTED.findall(one.text)} | set(_PAYLOAD.findall(one.text))
        yield from ((phrase, _DICTATED) for phrase in sorted(filter(_dictated, said)))


def _dictated(phrase: str) -> bool:
    """Whether it is more than a word of everyday: of several words, or in capitals, and no number."""
    return len(phrase) > 4 and (phrase.isupper() or " " in phrase) and not any(c.isdigit() for c in phrase)


def _at(body: str, text: str, words: str) -> Finding:
    at = lowered(body).find(text)
    return Finding("obeyed", max(at, 0), max(at, 0) + (len(text) if at >= 0 else 0), text[:80], words)
