"""ACT: count tokens: exactly where the model's vocabulary lies on this machine, else by an estimate that learns.

tiktoken would download a vocabulary it does not find. It is asked only for one whose file is in TIKTOKEN_CACHE_DIR and
whole; else the estimate of estimating.py is scaled by what providers have really counted for the model.
"""

import hashlib
import logging
import os
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from apps.core.snapshot import Snapshot
from apps.llm.estimating import estimate
from apps.llm.models import TokenRate

log = logging.getLogger(__name__)

FADES = 0.95  # what an older observation counts when another comes
ENOUGH = 2.5  # observations, faded, before the scale is believed
WIDEST = (0.4, 3.0)  # a scale beyond is a model that counts something else
LEAST = 8  # estimated tokens; a shorter text says little of the scale
MOST_MODELS = 1000
LONGEST_EXACT = 200_000  # characters; the rest of a longer text is estimated
FLUSH_SECONDS = 5.0
_SITE = "https://openaipublic.blob.core.windows.net/encodings"
# What tiktoken expects of its files, by which a broken one is known before it would be fetched anew.
_DIGESTS = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}


@dataclass(frozen=True, slots=True)
class TokenCount:
    """exact: by the model's own vocabulary. Otherwise off by `error` (a share, mean of what was observed) if known."""

    tokens: int
    exact: bool
    error: float | None = None

    def __int__(self) -> int:
        return self.tokens


@dataclass(frozen=True, slots=True)
class Rate:
    """scale: real tokens for an estimated one. error: mean share by which the scaled estimate was off."""

    scale: float = 1.0
    error: float | None = None


def count_tokens(text: str, model: str = "") -> TokenCount:
    """Tokens of `text` for `model` (LLM_MODEL unless given). Never downloads, and raises nothing."""
    name = model or settings.LLM_MODEL
    encoding = _encoding(name, os.environ.get("TIKTOKEN_CACHE_DIR", ""))
    if encoding is not None:
        head, rest = text[:LONGEST_EXACT], text[LONGEST_EXACT:]
        exact = len(encoding.encode(_encodable(head), disallowed_special=()))
        return TokenCount(exact + estimate(rest), exact=not rest)
    rate = rate_of(name)
    return TokenCount(round(estimate(text) * rate.scale), exact=False, error=rate.error)


def rate_of(model: str) -> Rate:
    """How the estimate is scaled for a model; 1 while too little was observed."""
    try:
        return _rates.get().get(model, _PLAIN)
    except DatabaseError as error:
        log.warning("what models really count cannot be read: %s", type(error).__name__)
        return _PLAIN


def note_actual(model: str, estimated: int, actual: int) -> None:
    """Learn from a request: `estimated` by estimate(), unscaled; `actual`: as the provider counted.

    Written every FLUSH_SECONDS at most, so that requests to a busy model do not queue for its row.
    """
    if not model or estimated < LEAST or actual <= 0:
        return
    scale = rate_of(model).scale
    with _lock:
        seen = _seen.setdefault(model, _Seen())
        seen.add(estimated, actual, scale)
        if time.monotonic() < _flush_at.get(model, 0.0):
            return
        _flush_at[model] = time.monotonic() + FLUSH_SECONDS
        del _seen[model]
    _write(model[:120], seen)


@dataclass(slots=True)
class _Seen:
    """Observations that are not written yet."""

    estimated: float = 0.0
    actual: float = 0.0
    error: float = 0.0
    weight: float = 0.0

    def add(self, estimated: int, actual: int, scale: float) -> None:
        share = min(abs(estimated * scale - actual) / actual, 10.0)
        self.estimated = self.estimated * FADES + estimated
        self.actual = self.actual * FADES + actual
        self.error = self.error * FADES + share
        self.weight = self.weight * FADES + 1


def _write(model: str, seen: _Seen) -> None:
    fades = FADES ** max(1.0, seen.weight)
    given = [model, seen.estimated, seen.actual, seen.error, seen.weight, *[fades] * 4]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_UPSERT, given)
        _rates.changed()
    except DatabaseError as error:
        log.warning("what a model really counts could not be kept: %s", type(error).__name__)


_UPSERT = """
INSERT INTO llm_tokenrate AS kept (model, estimated, actual, error, weight, updated_at)
VALUES (%s, %s, %s, %s, %s, now())
ON CONFLICT (model) DO UPDATE SET
    estimated = kept.estimated * %s + excluded.estimated, actual = kept.actual * %s + excluded.actual,
    error = kept.error * %s + excluded.error, weight = kept.weight * %s + excluded.weight, updated_at = now()
"""


def _load() -> dict[str, Rate]:
    rows = TokenRate.objects.filter(weight__gte=ENOUGH, estimated__gt=0).order_by("-updated_at")[:MOST_MODELS]
    low, high = WIDEST
    return {row.model: Rate(min(max(row.actual / row.estimated, low), high), row.error / row.weight) for row in rows}


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@lru_cache(maxsize=64)
def _encoding(model: str, folder: str) -> Any:
    """tiktoken's encoding of a model, when its file lies in the folder and is whole; else None."""
    if not folder or not model:
        return None
    import tiktoken

    try:
        name = tiktoken.encoding_name_for_model(model.rpartition("/")[2])
    except KeyError:
        return None
    if not _is_here(name.replace("o200k_harmony", "o200k_base"), folder):
        return None
    try:
        return tiktoken.get_encoding(name)
    except Exception as error:  # of a plugin or of the file system; estimates do without it
        log.warning("the vocabulary %s cannot be used: %s", name, error)
        return None


def _is_here(name: str, folder: str) -> bool:
    digest = _DIGESTS.get(name)
    if digest is None:
        return False
    file = Path(folder) / hashlib.sha1(f"{_SITE}/{name}.tiktoken".encode(), usedforsecurity=False).hexdigest()
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() == digest
    except OSError:
        return False


_seen: dict[str, _Seen] = {}
_flush_at: dict[str, float] = {}
_lock = threading.Lock()
_PLAIN = Rate()
_rates: Snapshot[dict[str, Rate]] = Snapshot("llm-rates", _load)
