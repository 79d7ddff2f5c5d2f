"""RULE: bytes from strangers to text that can be stored and shown: charsets, control and invisible characters."""

import codecs
import re

# These are no charsets of mails: they run code paths meant for programs, and some take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_BREAKS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
# Invisible and of no use to a reader. Zero width joiners stay, since scripts and emoji need them: one at a time.
_INVISIBLE = re.compile(r"[\u00ad\u180e\u200b\u200e\u200f\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]")
_JOINERS = re.compile(r"[\u200c\u200d]{2,}")
# What turns letters around or smuggles text that no person sees.
_DECEIVING = re.compile(r"[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def decoded(data: bytes, charset: str = "") -> tuple[str, bool]:
    """`data` as text, and whether that was possible without guessing or loss."""
    name = _known(charset)
    if name == "iso8859-1":
        name = "cp1252"  # as every mail program reads it
    for candidate in (name, "utf-8"):
        if candidate:
            try:
                text = data.decode(candidate)
            except (UnicodeError, ValueError, OverflowError):
                continue
            return text, candidate == name or (not charset and data.isascii())
    return data.decode("cp1252", "replace"), False


def cleaned(text: str) -> tuple[str, bool]:
    """`text` without control and invisible characters, lines ended by \\n; and whether it had any that deceive."""
    text = _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _BREAKS.sub("\n", text)))
    text, deceiving = _DECEIVING.subn("", _INVISIBLE.sub("", text))
    return _JOINERS.sub("", text), deceiving > 0


def one_line(text: str, most: int) -> str:
    """`text` cleaned, on one line, with single spaces, at most `most` characters long."""
    line = " ".join(cleaned(text)[0].split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _known(charset: str) -> str:
    try:
        found = codecs.lookup(charset.strip().strip("'\"")) if charset else None
    except (LookupError, ValueError, TypeError, UnicodeError):
        return ""
    if found is None or not getattr(found, "_is_text_encoding", True) or found.name in _NO_CHARSETS:
        return ""
    return found.name
