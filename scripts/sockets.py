"""Where unix sockets live: inside the data folder, or in a short private folder when that path does not suit."""

import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from scripts.failures import Failed

# sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included; this is the longest name we put there.
LONGEST_PATH = 103
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
LONGEST_NAME = ".s.PGSQL.5432.lock"


def socket_folder(folder: Path) -> Path:
    """The folder for the sockets of the data folder `folder`; the same answer every time, made when missing.

    Raises Failed when another user of the machine owns the place.
    """
    inside = folder.resolve() / "sockets"
    chosen = inside if _fits(inside) else _short(folder.resolve())
    chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = chosen.lstat()
    if stat.S_ISLNK(found.st_mode) or (os.geteuid() != 0 and found.st_uid != os.geteuid()):
        raise Failed(f"{chosen} belongs to another user. Remove it and start again.")
    return chosen


def _fits(folder: Path) -> bool:
    """Whether socket paths under `folder` are short enough, and plain enough to stand in a URL as they are."""
    return len(os.fsencode(folder / LONGEST_NAME)) <= LONGEST_PATH and bool(PLAIN.fullmatch(str(folder)))


def _short(folder: Path) -> Path:
    name = f"gatehouse-{os.geteuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    candidates = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")
    return next(Path(parent) / name for parent in candidates if parent and _fits(Path(parent) / name))
