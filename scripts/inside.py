"""Run one command where `make run` runs: its settings and its servers, started for the while if they are down.

python -m scripts.inside COMMAND...             on the data of `make run`
python -m scripts.inside --fresh COMMAND...     on servers of its own, removed afterwards
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts import servers
from scripts.failures import Failed
from scripts.gate import own_servers
from scripts.run import AlreadyRunning, data_folder, only_one, own_addresses, read_settings, settings
from scripts.supervision import end_everything


def main() -> None:
    fresh = sys.argv[1:2] == ["--fresh"]
    command = sys.argv[2:] if fresh else sys.argv[1:]
    read_settings()
    try:
        with own_servers(scratch=False) if fresh else same_servers(data_folder()) as environment:
            # Ctrl-C is for the command; we wait for it and clear up.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            restore = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
            done = subprocess.run(command, env={**os.environ, **environment}, check=False, preexec_fn=restore)
    except (Failed, TimeoutError) as problem:
        sys.exit(f"Gatehouse: {problem}")
    sys.exit(done.returncode)


@contextlib.contextmanager
def same_servers(folder: Path) -> Iterator[Mapping[str, str]]:
    """The environment of `make run`, whose servers are used when it runs and started for the block when not."""
    folder.mkdir(parents=True, exist_ok=True)
    own = own_addresses()
    environment = settings(folder, int(os.environ.get("GATEHOUSE_PORT") or 8000), own)
    try:
        with only_one(folder):
            end_everything(folder)
            with servers.running(folder) if own else contextlib.nullcontext():
                yield environment
    except AlreadyRunning:
        yield environment


if __name__ == "__main__":
    main()
