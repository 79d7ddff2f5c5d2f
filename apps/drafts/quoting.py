"""RULE: what of a mail is new, without what it quotes and without its signature; and how our replies quote."""

import re
from typing import Any

# The expressions of the splitter take time with the square or cube of what they are given. Within these bounds the
# worst found in a search for it took 0.04 s; a longer text keeps its signature.
MOST_SPLIT = 2_000
MOST_LINES = 60
MOST_LINE = 160
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "pl", "cs"]
MOST_QUOTED = 20_000

_QUOTE = re.compile(r"[ \t]*>")
_WROTE = re.compile(
    r"^[ \t>*]*(?:On|Am|Le|El|Il|Op|Den|Em|No dia|W dniu|Dnia|Dne)\b.{4,300}?"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev|escreveu|napisał|napsal)\b.{0,100}:\s*$",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^\s*(?:-{2,}|_{2,}) ?(?:Original Message|Original-Nachricht|Ursprüngliche Nachricht|Message d'origine|"
    r"Mensaje original|Messaggio originale|Oorspronkelijk bericht|Forwarded message|Weitergeleitete Nachricht)",
    re.IGNORECASE,
)
_LINE = re.compile(r"^\s*[_-]{32,}\s*$")
_HEADER = re.compile(
    r"^[ \t>*]{0,10}(?:From|Sent|To|Subject|Date|Cc|Von|Gesendet|An|Betreff|De|Envoyé|À|Objet|Da|Inviato|A|Oggetto|"
    r"Van|Verzonden|Aan|Onderwerp|Para|Asunto|Enviado|Assunto)[ \t]?:",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[ \t\u00a0]{3,}")
_LONG = re.compile(rf"([^\n]{{{MOST_LINE}}})(?=[^\n])")


def reply_of(text: str) -> str:
    """The writer's own new words in `text`. All of it when nothing can be told apart, or nothing would be left."""
    whole = text.strip()
    own = _before_quotes(whole)
    return _without_signature(own) or own or whole


def quoted(text: str, who: str, when: str) -> str:
    """`text` as a mail program quotes it below a reply."""
    lines = text[:MOST_QUOTED].rstrip().split("\n")
    return f"{when}, {who}:\n" + "\n".join(">" + line if line.startswith(">") else f"> {line}" for line in lines)


def _before_quotes(text: str) -> str:
    """Up to where an older mail begins; of answers between quoted lines, those answers."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number and _begins_older(lines, number, line):
            lines = lines[:number]
            break
    return "\n".join(line for line in lines if not _QUOTE.match(line)).strip()


def _begins_older(lines: list[str], number: int, line: str) -> bool:
    if not line.strip() or len(line) > 500:
        return False
    if _ORIGINAL.match(line) or _WROTE.match(line):
        return True
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if len(following) <= 500 and not _QUOTE.match(following) and _WROTE.match(f"{line.rstrip()} {following.strip()}"):
        return True
    heads = sum(bool(_HEADER.match(one[:100])) for one in lines[number : number + 5])
    return heads >= 3 and bool(_HEADER.match(line[:100]) or _LINE.match(line[:200]))


def _without_signature(text: str) -> str:
    if len(text) > MOST_SPLIT or text.count("\n") > MOST_LINES:
        return _before_dashes(text)
    plain = _LONG.sub(r"\1\n", _BLANKS.sub("\n\n", _SPACES.sub("  ", text)))
    try:
        replies = _split(plain)
        own = next((one for one in replies if one.content), None)
        return _before_dashes(str(own.body).strip() if own else text)
    except (RecursionError, IndexError, ValueError, AttributeError):
        return _before_dashes(text)


def _before_dashes(text: str) -> str:
    """Up to the line that begins a signature by custom: two dashes and a space."""
    head = re.split(r"(?m)^--[ \t]?$", text, maxsplit=1)[0]
    return head.strip()


def _split(text: str) -> Any:
    from mailparser_reply.parser import EmailMessage

    # A list of points is no signature, though both begin with a dash.
    return EmailMessage(text=text, languages=list(LANGUAGES), keep_hyphen_lists=True).read().replies
