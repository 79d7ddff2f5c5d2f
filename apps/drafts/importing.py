"""ACT: bring in mail of the past from files, one mail after the other, so that it can be stopped and begun anew.

What was brought in before is known by its id, so that a second run of the same file only fills what is missing.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from apps.drafts.mail_headers import date_of, first
from apps.drafts.models import Mailbox
from apps.drafts.parsing import MOST_BYTES
from apps.drafts.parts import head_of
from apps.drafts.receiving import receive
from apps.drafts.states import Source

MOST_BAD = 50
# In an mbox a line that begins a mail: "From ", an address, a date.
_BEGINNING = re.compile(
    rb"(?:\A|\n)(?=From [^\n]{0,200}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [^\n]{4,20}\d\d:\d\d[^\n]{0,30}\d{4}[^\n]{0,12}\n)"
)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(slots=True)
class Imported:
    """What an import has done so far. bad: (which, why) of the first MOST_BAD mails that were left out."""

    taken: int = 0
    known: int = 0
    sent: int = 0
    drafts: int = 0
    bad_count: int = 0
    bad: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail of a file. end: where it ends there, in bytes."""

    name: str
    raw: bytes
    end: int


def entries_of(path: Path) -> Iterator[Entry]:
    """The mails of an .mbox, an .eml, or a folder of such; each file is read bit by bit.

    Raises OSError, also for a path that is not there.
    """
    if path.is_dir():
        for file in sorted(one for one in path.rglob("*") if one.is_file() and one.suffix.lower() in (".eml", ".mbox")):
            yield from entries_of(file)
        return
    if path.stat().st_size == 0:
        return
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:5] != b"From ":
            yield Entry(path.name, content[: MOST_BYTES + 1], len(content))
            return
        starts = (match.end() for match in _BEGINNING.finditer(content))
        start = next(starts, 0)
        for number, end in enumerate([*starts, len(content)], start=1):
            raw = content[start : min(end, start + MOST_BYTES + 1)]
            yield Entry(f"{path.name}, mail {number}", _QUOTED_FROM.sub(rb"\1", raw), end)
            start = end


def import_entry(*, mailbox: Mailbox, entry: Entry, draft: bool, imported: Imported) -> None:
    """Bring one mail in, or note why not. draft: want replies drafted to what people wrote."""
    if len(entry.raw) > MOST_BYTES:
        _leave_out(imported, entry, f"It is larger than {MOST_BYTES // (1024 * 1024)} MB")
        return
    if not entry.raw.strip() or not _is_mail(entry.raw):
        _leave_out(imported, entry, "It is no mail: it names neither a sender nor a date")
        return
    try:
        received = receive(
            mailbox=mailbox, raw=entry.raw, source=Source.IMPORT, received_at=_when(entry.raw), draft=draft
        )
    except (ValueError, TypeError) as error:
        _leave_out(imported, entry, f"It cannot be stored: {type(error).__name__}")
        return
    imported.known += received.duplicate
    imported.taken += not received.duplicate
    imported.sent += received.message.direction == "out" and not received.duplicate
    imported.drafts += received.draft is not None


def _is_mail(raw: bytes) -> bool:
    head = raw[: 64 * 1024].lower()
    return any(name in head for name in (b"\nfrom:", b"\ndate:", b"\nmessage-id:")) or head.startswith(
        (b"from:", b"date:", b"message-id:")
    )


def _when(raw: bytes) -> datetime:
    """Its own Date: mail of the past came in when it says, as far as that is possible."""
    now = timezone.now()
    claimed = date_of(first(head_of(raw, 0, len(raw))[0], "date"))
    return claimed if claimed is not None and datetime(1980, 1, 1, tzinfo=now.tzinfo) < claimed < now else now


def _leave_out(imported: Imported, entry: Entry, why: str) -> None:
    imported.bad_count += 1
    if len(imported.bad) < MOST_BAD:
        imported.bad.append((entry.name, why))
