"""RULE: the headers of a mail from a stranger: whatever they hold, what comes out is short, clean and checked.

A reader of our own over the standard library's: that one stops at the first broken line, raises on odd addresses, and
takes quadratic time over long ones.
"""

import binascii
import hashlib
import quopri
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from apps.drafts.cleaning import decoded, one_line

MOST_HEADERS = 2000
MOST_HEADER = 64 * 1024
MOST_ADDRESSES = 200
MOST_REFERENCES = 100
MOST_ID = 250
OURS = "gatehouse.invalid"

Headers = Mapping[str, list[str]]

_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,100})[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_BRACKETED = re.compile(r"<([^<>\s]{1,2000})>")
_PLAIN_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+")


@dataclass(frozen=True, slots=True)
class Address:
    """A person or place mail goes to. address: local part as given, domain in lower case, ASCII only."""

    name: str
    address: str


def read_headers(head: bytes) -> dict[str, list[str]]:
    """{name in lower case: values, unfolded, as they stand}. Lines that are no header are passed over.

    Bytes beyond ASCII are read as UTF-8, else as Windows-1252.
    """
    found: dict[str, list[bytearray]] = {}
    last: bytearray | None = None
    count = 0
    for line in head.splitlines():
        if line[:1] in (b" ", b"\t"):
            if last is not None and len(last) < MOST_HEADER:
                last += b" " + line.strip()[:MOST_HEADER]
            continue
        match = _NAME.match(line)
        last = None
        if match and count < MOST_HEADERS:
            count += 1
            last = bytearray(line[match.end() :].strip()[:MOST_HEADER])
            found.setdefault(match[1].decode("ascii").lower(), []).append(last)
    return {name: [decoded(bytes(value[:MOST_HEADER]))[0] for value in values] for name, values in found.items()}


def first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def decoded_words(value: str) -> str:
    """`value` with its encoded words (RFC 2047) read. What cannot be read stays as it is."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending, charset, at = b"", "", 0
    joined = _BETWEEN_WORDS.sub(r"\1", value)
    for match in _WORD.finditer(joined):
        between = joined[at : match.start()]
        data = _word_bytes(match[2], match[3])
        named = match[1].split("*")[0].lower()
        # A character may be cut in two between words of one charset.
        if pending and (between or named != charset):
            out.append(decoded(pending, charset)[0])
            pending = b""
        out.append(between)
        if data is None:
            out.append(match[0])
        else:
            pending, charset = pending + data, named
        at = match.end()
    if pending:
        out.append(decoded(pending, charset)[0])
    return "".join(out) + joined[at:]


def line_of(headers: Headers, name: str, most: int) -> str:
    """The first header of this name as one clean line."""
    return one_line(decoded_words(first(headers, name)), most)


def addresses_of(values: Iterable[str]) -> tuple[tuple[Address, ...], int]:
    """The mailboxes named, each once, in order; and how many could not be read as an address we could write to."""
    found: dict[str, Address] = {}
    unreadable = 0
    for token in _mailboxes(",".join(values)[:MOST_HEADER]):
        name, _, rest = token.rpartition("<") if "<" in token else ("", "", token)
        address = checked_address(rest.split(">")[0])
        if address is None:
            unreadable += 1
        elif address.lower() not in found and len(found) < MOST_ADDRESSES:
            shown = one_line(decoded_words(name.strip().strip('"').replace('\\"', '"')), 120)
            found[address.lower()] = Address(shown, address)
    return tuple(found.values()), unreadable


def checked_address(text: str) -> str | None:
    """`text` as an address we can write to, its domain in lower case and IDNA; None when it is none."""
    local, at, domain = text.strip().rpartition("@")
    domain = domain.strip().rstrip(".").lower()
    if not at or len(domain) > 253 or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return f"{local}@{domain}" if _DOMAIN.fullmatch(domain) and len(local) + len(domain) < 254 else None


def ids_of(value: str) -> list[str]:
    """The message ids in a header, each once, in order; of very many the first and the last."""
    found = list(dict.fromkeys(stored_id(one) for one in _BRACKETED.findall(value)))
    if not found and value.strip() and "@" in value:
        found = [stored_id(value.split()[0])]
    return found if len(found) <= MOST_REFERENCES else [found[0], *found[1 - MOST_REFERENCES :]]


def stored_id(raw: str) -> str:
    """A message id as we keep it: as it is when it is printable ASCII of a fair length, else one made from it."""
    if len(raw) <= MOST_ID and _PLAIN_ID.fullmatch(raw):
        return raw
    return made_id("odd", raw)


def made_id(kind: str, *facts: str) -> str:
    """An id that follows from `facts`: the same mail has the same, however often it comes."""
    digest = hashlib.sha256("\x00".join(facts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}.{digest}@{OURS}"


def date_of(value: str) -> datetime | None:
    """A Date header in UTC; None when there is none that can be read."""
    try:
        moment = parsedate_to_datetime(value[:200])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _mailboxes(text: str) -> list[str]:
    """The entries of an address list: split at commas outside of quotes and comments, which are left out."""
    entries: list[str] = []
    entry: list[str] = []
    for character, quoted in _uncommented(text):
        if character in ",;" and not quoted:
            entries.append("".join(entry))
            entry = []
        elif character == ":" and not quoted and "<" not in entry:
            entry = []  # the name of a group
        else:
            entry.append(character)
    entries.append("".join(entry))
    return [one.strip() for one in entries if one.strip()]


def _uncommented(text: str) -> Iterator[tuple[str, bool]]:
    """Each character outside of comments, and whether it stands in quotes."""
    quoted, depth, escaped = False, 0, False
    for character in text:
        if escaped or (character == "\\" and (quoted or depth)):
            escaped = not escaped
        elif character == '"' and not depth:
            quoted = not quoted
        elif character in "()" and not quoted:
            depth = max(0, depth + (1 if character == "(" else -1))
            continue
        if not depth:
            yield character, quoted


def _word_bytes(encoding: str, text: str) -> bytes | None:
    try:
        if encoding in "bB":
            return binascii.a2b_base64(text + "=" * (-len(text) % 4))
        return quopri.decodestring(text.encode("ascii", "replace"), header=True)
    except (binascii.Error, ValueError):
        return None
