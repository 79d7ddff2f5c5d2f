"""RULE: passwords, keys and tokens in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.drafts.guardrails.splitting import long_words, words_of
from apps.drafts.guardrails.tables import row, table

Span = tuple[str, int, int]

_KEY = re.compile(
    r"""(?<![A-Za-z0-9_])(?:
        (?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct)?[-_]?[A-Za-z0-9_-]{16,200}
      | (?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{12,32} | gh[opsur]_[A-Za-z0-9]{20,255} | github_pat_[A-Za-z0-9_]{20,255}
      | glpat-[A-Za-z0-9_-]{16,64} | xox[abeprs]-[A-Za-z0-9-]{10,250} | xapp-[A-Za-z0-9-]{10,250}
      | AIza[A-Za-z0-9_-]{30,40} | ya29\.[A-Za-z0-9_-]{20,500} | hf_[A-Za-z0-9]{20,64} | npm_[A-Za-z0-9]{30,64}
      | SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64} | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{24,64}
      | dop_v1_[a-f0-9]{40,64} | whsec_[A-Za-z0-9+/=]{16,100} | pypi-[A-Za-z0-9_-]{32,250} | AC[a-f0-9]{32}
      | key-[a-f0-9]{32} | AGE-SECRET-KEY-[A-Z0-9]{20,80} | (?:xprv|zprv)[A-Za-z0-9]{80,120}
      | eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{0,4000})?
    )""",
    re.VERBOSE,
)
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_IN_URL = re.compile(r"\b[a-z][a-z0-9+]{1,12}://[^\s/:@]{1,64}:([^\s/@]{1,128})@")
_BEARER = re.compile(r"\b(?:bearer|basic|authorization:?)\s+([A-Za-z0-9._~+/=-]{16,2000})", re.I)
_NAMED = re.compile(
    r"""\b(?:pass(?:word|code|phrase|wort)|passwd|pwd|kennwort|mot\ de\ passe|contrase(?:ñ|n)a|wachtwoord|senha
        |parola\ d'ordine
        |(?:api|access|secret|private|auth|session|client|encryption|signing|license|licence|recovery)[\ _-]?
         (?:key|token|secret|code)
        |secret|otp|one[- ]time\ (?:code|password|passcode)|(?:verification|security|2fa|login)\ code
        |pin(?:\ (?:code|number))?|cvv2?|cvc2?)\b
        (?:\ (?:for|to|of|on)\ (?:the|your|my|this)?\ ?\w{1,20}(?:\ \w{1,20})?)?
        [\ "'*]{0,3}
        (?P<link>:|=|->|\bis(?:\ now|\ still)?(?:\ set\ to)?:?|\bwas\b:?
            |\best\b:?|\blautet\b:?|\bist\b:?|\bes\b:?|\bè\b:?)\ {0,3}
        (?P<value>"[^"\n]{3,80}"|'[^'\n]{3,80}'|[^\s"'<>\[\]()]{3,200})""",
    re.I | re.VERBOSE,
)
_KEYS = row("api access secret private auth session client encryption signing license licence recovery")
_CUES = table(
    """
    password passcode passphrase passwort passwd pwd kennwort passe contraseña contrasena wachtwoord senha parola
    key token secret code otp passwords pin cvv cvc
    """
) | {first + last for first in _KEYS for last in ("key", "token", "secret", "code")}
_LOWER = re.compile(r"[a-z'-]+[.,;!?]?")


def find_secrets(text: str) -> Iterator[Span]:
    """Keys of known form, private keys, passwords in addresses, and whatever follows a word for a secret."""
    for found in _KEY.finditer(text) if any(map(_KEY.search, long_words(text))) else ():
        if any(c.isdigit() for c in found.group()):
            yield "secret", found.start(), found.end()
    if "PRIVATE KEY" in text:
        yield from _private_keys(text)
    if "://" in text:
        yield from (("secret", *m.span(1)) for m in _IN_URL.finditer(text))
    lower = text.lower()
    if "bearer" in lower or "basic" in lower or "authorization" in lower:
        yield from (("secret", *m.span(1)) for m in _BEARER.finditer(text) if not m.group(1).isalpha())
    if not _CUES.isdisjoint(words_of(text)):
        yield from _named(text)


def _private_keys(text: str) -> Iterator[Span]:
    at = 0
    while begin := _PRIVATE.search(text, at):
        end = _PRIVATE_END.search(text, begin.end())
        # Without its end everything after it is taken for the key.
        at = end.end() if end else len(text)
        yield "secret", begin.start(), at


def _named(text: str) -> Iterator[Span]:
    for found in _NAMED.finditer(text):
        start, end = found.span("value")
        value = text[start:end].rstrip(".,;!?")
        quoted = value[:1] in "\"'"
        # "Your password is incorrect" names none: a bare lower-case word is one only after a colon or an equals sign.
        plain = _LOWER.fullmatch(value) is not None
        last = found["link"] in (":", "=") and len(value) >= 6 and end == len(text.rstrip())
        if not any(c.isalnum() for c in value) or value.startswith(("http://", "https://")):
            continue
        if quoted or not plain or last:
            yield "secret", start, start + len(value)
