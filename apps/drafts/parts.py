"""RULE: take a mail apart into its leaves, within bounds: a mail may be 25 MB of boundaries, or a thousand deep."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import NamedTuple

from apps.drafts.mail_headers import Headers, decoded_words, first, read_headers

MOST_PARTS = 500
MOST_DEPTH = 20
MOST_HEAD = 512 * 1024
# Lines that look like a boundary, wherever they stand.
MOST_LINES = 20_000
MOST_TEXT_BYTES = 2 * 1024 * 1024

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Leaf(NamedTuple):
    """One part that holds no others. kind: "text/plain", in lower case. name: its file name, "" when it has none."""

    kind: str
    name: str
    charset: str
    attached: bool
    flowed: bool
    encoding: str
    start: int
    end: int


@dataclass(slots=True)
class Budget:
    """What is left of the bounds while a mail is taken apart; `over` says that something was left out."""

    parts: int = MOST_PARTS
    lines: int = MOST_LINES
    over: bool = False
    kinds: set[str] = field(default_factory=set)


def head_of(raw: bytes, start: int, end: int) -> tuple[dict[str, list[str]], int]:
    """The headers that begin at `start`, of the first MOST_HEAD bytes, and where the body does."""
    if raw[start : start + 1] == b"\n" or raw[start : start + 2] == b"\r\n":
        return {}, start + (1 if raw[start : start + 1] == b"\n" else 2)
    found = _END_OF_HEAD.search(raw, start, end)
    stop, body = (found.start(), found.end()) if found else (end, end)
    return read_headers(raw[start : min(stop, start + MOST_HEAD)]), body


def leaves_of(raw: bytes, headers: Headers, start: int, end: int, budget: Budget, depth: int = 0) -> Iterator[Leaf]:
    """The leaves of the part whose body lies at raw[start:end], in order."""
    typed = _typed(headers)
    kind = typed.get_content_type()
    budget.kinds.add(kind)
    boundary = _boundary(typed) if kind.startswith("multipart/") else b""
    if boundary and depth < MOST_DEPTH:
        for part_start, part_end in _parts(raw, boundary, start, end, budget):
            inner, body = head_of(raw, part_start, part_end)
            yield from leaves_of(raw, inner, min(body, part_end), part_end, budget, depth + 1)
        return
    too_deep = bool(boundary)
    budget.over = budget.over or too_deep
    if budget.parts <= 0:
        budget.over = True
        return
    budget.parts -= 1
    yield Leaf(
        # Without a boundary it may well be text; too deep inside others it is boundaries and little else.
        kind="text/plain" if kind.startswith("multipart/") and not too_deep else kind,
        name=_file_name(typed),
        charset=str(_parameter(typed, "charset")),
        attached=first(headers, "content-disposition").strip().lower().startswith("attachment"),
        flowed=str(_parameter(typed, "format")).lower() == "flowed",
        encoding=first(headers, "content-transfer-encoding").strip().lower()[:40],
        start=start,
        end=end,
    )


def content_of(raw: bytes, leaf: Leaf, most: int = MOST_TEXT_BYTES) -> tuple[bytes, bool]:
    """The decoded bytes of a leaf, and whether it was cut at `most` bytes as they stand in the mail."""
    data = raw[leaf.start : min(leaf.end, leaf.start + most)]
    cut = leaf.end - leaf.start > most
    if leaf.encoding in ("", "7bit", "8bit", "binary"):
        return data, cut
    whole = Message()
    whole["Content-Transfer-Encoding"] = leaf.encoding
    whole.set_payload(data.decode("ascii", "surrogateescape"))
    try:
        found = whole.get_payload(decode=True)
    except Exception:
        # Decoders of the standard library differ in what they raise, from one version to the next.
        return data, cut
    return found if isinstance(found, bytes) else data, cut


def size_of(leaf: Leaf) -> int:
    """About how many bytes it has when decoded."""
    length = max(0, leaf.end - leaf.start)
    return length * 3 // 4 if leaf.encoding == "base64" else length


def _parts(raw: bytes, boundary: bytes, start: int, end: int, budget: Budget) -> Iterator[tuple[int, int]]:
    """(start, end) of each part between lines of this boundary; the last may lack its closing line."""
    line, began = b"\n--" + boundary, -1
    at = start - 1 if raw[max(0, start - 1) : start] == b"\n" else start
    while (at := raw.find(line, at, end)) >= 0:
        if budget.lines <= 0 or budget.parts <= 0:
            budget.over = True
            break
        budget.lines -= 1
        after = at + len(line)
        newline = raw.find(b"\n", after, min(end, after + 200))
        rest = raw[after : newline if newline >= 0 else min(end, after + 200)].strip()
        if rest in (b"", b"--"):
            if began >= 0:
                yield began, at - 1 if raw[at - 1 : at] == b"\r" and at > began else at
            began = newline + 1 if rest == b"" and newline >= 0 else -1
            if began < 0:
                return
        at = newline if newline >= 0 else after
    if began >= 0:
        yield began, end


def _typed(headers: Headers) -> Message:
    """The two headers that say what a part is, in the standard library's hands."""
    message = Message()
    for name in ("content-type", "content-disposition"):
        if value := first(headers, name):
            message[name] = value[:4000]
    return message


def _parameter(typed: Message, name: str, header: str = "content-type") -> str:
    try:
        value = typed.get_param(name, "", header)
    except Exception:
        return ""
    if isinstance(value, tuple):  # RFC 2231: charset, language, text
        return str(value[2])
    return str(value or "")


def _boundary(typed: Message) -> bytes:
    return _parameter(typed, "boundary").rstrip()[:200].encode("utf-8", "surrogateescape")


def _file_name(typed: Message) -> str:
    try:
        name = typed.get_filename("")
    except Exception:
        return ""
    return decoded_words(str(name or ""))
