"""RULE: a file of labelled mails: one a line, INTENT|subject|text."""

from __future__ import annotations

from dataclasses import dataclass

from apps.drafts.states import Intent


class MailFileError(ValueError):
    """A line that is no labelled mail; says which."""


@dataclass(frozen=True, slots=True)
class LabelledMail:
    """worded: the words were chosen with this mail at hand; how they do on it says nothing of how they do on others."""

    intent: Intent
    subject: str
    text: str
    worded: bool = False


def read_mails(text: str, *, worded: bool = False) -> list[LabelledMail]:
    """Empty lines are left out. Raises MailFileError naming the line."""
    mails = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        parts = line.rstrip("\r").split("|", 2)
        if len(parts) < 3:
            raise MailFileError(f"line {number}: wants INTENT|subject|text")
        if parts[0] not in Intent.__members__:
            raise MailFileError(f"line {number}: {parts[0][:40]!r} is no intent")
        mails.append(LabelledMail(Intent(parts[0]), parts[1], parts[2], worded))
    return mails
