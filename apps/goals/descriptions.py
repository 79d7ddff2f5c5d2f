"""What a tool's description says of that tool, as opposed to what it repeats of its family.

Generated descriptions often begin alike ("This tool belongs to the ... system, which allows ..."). A sentence or a
label that several of the offered tools share does not tell which of them does what, so it is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LABEL = re.compile(r"^[^:.,]{1,40}:(?=\s)")


def own_descriptions(descriptions: Sequence[str]) -> list[str]:
    """One text for each description, in order: its own sentences, or the last shared one where it has none."""
    split = [[part for part in map(str.strip, _SENTENCE_END.split(text)) if part] for text in descriptions]
    used = Counter(part for parts in split for part in set(parts))
    own = [" ".join(part for part in parts if used[part] == 1) or "".join(parts[-1:]) for parts in split]
    labels = Counter(match.group() for text in own if (match := _LABEL.match(text)))
    return [_without_label(text, labels) for text in own]


def _without_label(text: str, labels: Counter[str]) -> str:
    match = _LABEL.match(text)
    return text[match.end() :].strip() if match and labels[match.group()] > 1 else text
