"""RULE: plain text as a document: its first line as a title where it looks like one."""

from __future__ import annotations

import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LONGEST_TITLE = 90


def read_plain(text: str) -> tuple[str, str]:
    """(title or "", text). A title is a short first line that ends no sentence and has an empty line below it."""
    text = _CONTROLS.sub("", text).strip()
    first, _, rest = text.partition("\n")
    first = first.strip()
    is_title = bool(first) and len(first) <= _LONGEST_TITLE and first[-1] not in ".,;:!?" and rest.startswith("\n")
    return (first if is_title and rest.strip() else ""), text
