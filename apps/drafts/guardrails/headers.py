"""RULE: subject and body carry no header: no line break, control character, encoded word or header line."""

from __future__ import annotations

import re
import unicodedata

from apps.drafts.guardrails.terms import Finding, StageVerdict
from apps.drafts.states import Stage

MOST_SUBJECT = 200
_NAMES = (
    r"(?:resent-)?(?:to|cc|bcc|from|sender|reply-to|date|message-id)|subject|return-path|in-reply-to"
    r"|references|received|"
    r"content-(?:type|transfer-encoding|disposition|id|length)|mime-version|delivered-to|envelope-(?:to|from)|"
    r"disposition-notification-to|list-[a-z-]{2,20}|dkim-signature|authentication-results|errors-to|x-[a-z-]{2,40}"
)
_HEADER = re.compile(rf"(?:{_NAMES})[ \t]{{0,5}}[:：]", re.IGNORECASE)
_IN_SUBJECT = re.compile(rf"(?:^|[\s;,|>])(?:(?!to|from|date|subject)(?:{_NAMES}))[ \t]{{0,5}}[:：]", re.IGNORECASE)
_ADDRESSED = re.compile(r"(?:^|[\s;,|>])(?:to|from)[ \t]{0,5}[:：][^@\n]{0,60}@", re.IGNORECASE)
_BREAK = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_WRITTEN_BREAK = re.compile(
    r"\\r\\n|\\[rn](?=[A-Za-z-]{2,20}:)|\\u000[ad]|\\x0[ad]|%0[ad]|%e5%98%8[ad]|&#(?:1[03]|x0*[ad]);|嘊|嘍",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"=\?[\w-]{2,40}\?[bqBQ]\?[^?\s]{0,500}\?=?")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Within a word of Latin letters these only hide it; elsewhere some languages and emoji need them.
_HIDING = "\xad\u034f\u115f\u1160\u180e\u200b-\u200f\u2060-\u2064\u3164\ufeff"
_WITHIN_WORD = re.compile(f"[{_HIDING}](?<=[A-Za-z].)[{_HIDING}]{{0,20}}(?=[A-Za-z])")
_BOUNDARY = re.compile(r"--[=_A-Za-z0-9'()+,./:?-]{12,70}(?:--)?")


def judge_headers(subject: str, body: str) -> tuple[StageVerdict, str, str, int]:
    """(verdict, the clean subject, the body with plain line ends and without headers, how many attempts)."""
    findings: list[Finding] = []
    clean = clean_subject(subject, findings)
    plain = clean_body(body, findings)
    tried = [finding for finding in findings if finding.kind != "untidy"]
    attempts = sum(finding.place == "body" for finding in tried) + any(finding.place == "subject" for finding in tried)
    if attempts:
        verdict = ("fail", "The generator tried to write mail headers: they were taken out.")
    elif findings:
        verdict = ("warn", "Subject or body had characters that do not belong there: they were taken out.")
    else:
        verdict = ("pass", "Subject and body carry no header.")
    return StageVerdict(Stage.HEADERS, *verdict, tuple(findings[:20])), clean, plain, attempts


def clean_subject(subject: str, findings: list[Finding]) -> str:
    """One line of at most 200 printable characters. What follows a line break as a header is dropped."""

    def note(kind: str, words: str) -> None:
        findings.append(Finding(kind, 0, 0, _shown(subject), words, place="subject"))

    text = subject[:2000]
    stripped = text.strip("\r\n \t")
    if _WRITTEN_BREAK.search(stripped):
        note("written_break", "The subject spells out a line break.")
        stripped = _WRITTEN_BREAK.sub("\n", stripped)
    lines = [part.strip() for part in _BREAK.split(stripped)]
    if len(lines) > 1:
        note("line_break", "The subject has a line break, after which a mail server reads headers.")
        text = " ".join(part for n, part in enumerate(lines) if part and (n == 0 or not _HEADER.match(part)))
    else:
        text = stripped
    if _IN_SUBJECT.search(text) or _ADDRESSED.search(text):
        note("header", "The subject contains a mail header.")
        text = (_cut(text, _IN_SUBJECT) if _IN_SUBJECT.search(text) else _cut(text, _ADDRESSED)).strip()
    if _ENCODED.search(text):
        note("encoded_word", "The subject hides text in an encoded word.")
        text = _ENCODED.sub("", text)
    visible = "".join(c for c in text if not _hidden(c))
    if visible != text:
        kind = "control" if any(ord(c) < 32 or c in _BIDI for c in text if c != "\t") else "untidy"
        note(kind, "The subject has characters that cannot be seen.")
    visible = " ".join(visible.split())
    if len(visible) > MOST_SUBJECT or len(subject) > 2000:
        note("untidy", f"The subject was longer than {MOST_SUBJECT} characters.")
        visible = visible[: MOST_SUBJECT - 1].rstrip() + "…"
    return visible


def clean_body(body: str, findings: list[Finding]) -> str:
    """Line ends as \\n, no control characters, and without header lines at its top or after a fake boundary."""
    text = body
    if not text.isascii() or any(c in text for c in "\r\v\f\x1c\x1d\x1e"):
        text = _BREAK.sub("\n", text.replace("\r\n", "\n"))
    seen = text if text.isascii() else _WITHIN_WORD.sub("", text)
    seen = _UNSEEN.sub("", seen)
    if seen != text:
        findings.append(Finding("untidy", 0, 0, "", "The body had characters that cannot be seen."))
        text = seen
    lines = text.split("\n")
    top = _header_lines(lines)
    if top:
        text = "\n".join(lines[top:]).lstrip("\n")
        for line in lines[:top]:
            if line.strip():
                # A model that puts "Subject:" on top of its text is untidy, not hostile.
                tidy = line.lower().startswith("subject")
                kind, words = (
                    ("untidy", "It began with its subject.") if tidy else ("header", "It began with a header.")
                )
                findings.append(Finding(kind, 0, 0, _shown(line), words))
    for at, line in enumerate(lines[top:]):
        following = lines[top + at + 1 : top + at + 4]
        if line.startswith("--") and _BOUNDARY.fullmatch(line.strip()) and any(map(_HEADER.match, following)):
            findings.append(Finding("mime", 0, 0, _shown(line), "It contains a boundary between mail parts."))
            text = "\n".join(lines[top : top + at]).rstrip()
            break
    return text


def _header_lines(lines: list[str]) -> int:
    """How many lines at the top are headers (with folded lines and the empty lines among them); 0 for none."""
    top, last = 0, -1
    for n, line in enumerate(lines[:40]):
        if _HEADER.match(line.lstrip(" \t>*_#")):
            last = n
        elif line.strip() and not (line[:1] in " \t" and last == n - 1):
            break
    if last >= 0:
        top = last + 1
        while top < len(lines) and lines[top][:1] in (" ", "\t") and lines[top].strip():
            top += 1
    return top


def _cut(text: str, pattern: re.Pattern[str]) -> str:
    found = pattern.search(text)
    return text[: found.start()] if found else text


def _hidden(c: str) -> bool:
    return c != "\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _shown(text: str) -> str:
    """At most 80 characters with whatever cannot be seen written out."""
    return text[:80].encode("unicode_escape").decode("ascii") if not text.isprintable() else text[:80]
