"""`make lint` and `make test`: every check in order, each timed, stopping at the first that fails.

python -m scripts.gate lint          the checks that need no server
python -m scripts.gate test [...]    those and all tests, on servers of their own; what follows goes to pytest
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts import servers
from scripts.browser import ensure_browser
from scripts.dovecot import ensure_dovecot
from scripts.failures import Failed
from scripts.ports import free_pair
from scripts.supervision import ROOT, end_everything

PREFIX = "gatehouse-test-"
# Production settings ask for these; the values only have to look right.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "GATEHOUSE_ENV_FILE": os.devnull,
    "SECRET_KEY": "check-only-0a1b2c3d4e5f6g7h8i9j-0a1b2c3d4e5f6g7h8i9j-0a1b2c3d4e5f6g7h8i9j",
    "FIELD_ENCRYPTION_KEY": "Y2hlY2stb25seS1jaGVjay1vbmx5LWNoZWNrLW9ubHk=",
    "ALLOWED_HOSTS": "gatehouse.example",
    "PUBLIC_URL": "https://gatehouse.example",
    "DATABASE_URL": "postgresql://gatehouse@db.example/gatehouse",
    "REDIS_URL": "redis://redis.example/0",
}


@dataclass(frozen=True)
class Step:
    """One check: a name for people, its command, and what it needs in the environment."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def lint_steps() -> list[Step]:
    templates = [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]
    steps = [
        Step("format (ruff)", _tool("ruff", "format", "--check", ".")),
        Step("lint (ruff)", _tool("ruff", "check", ".")),
        Step("types (mypy)", _tool("mypy"), {"DJANGO_SETTINGS_MODULE": "config.settings.test"}),
        Step("layers (import-linter)", _tool("lint-imports", "--no-logo")),
        Step(
            "production settings (check --deploy)", _manage("check", "--deploy", "--fail-level", "WARNING"), PRODUCTION
        ),
    ]
    if templates:
        steps.insert(2, Step("templates (djade)", _tool("djade", "--check", "--target-version", "5.2", *templates)))
    return steps


def test_steps(pytest_arguments: list[str]) -> list[Step]:
    workers = ["-n", str(min(os.cpu_count() or 1, 4))]
    openapi = ["--validate", "--fail-on-warn", "--file", os.devnull]
    return [
        Step("migrations match the models", _manage("makemigrations", "--check", "--dry-run")),
        Step("OpenAPI schema (spectacular)", _manage("spectacular", *openapi)),
        Step("tests (pytest)", [sys.executable, "-m", "pytest", "-rs", *workers, *pytest_arguments]),
    ]


def main() -> None:
    what, *rest = sys.argv[1:] or ["lint"]
    servers.stop_on_signals()
    times: dict[str, float] = {}
    try:
        run(lint_steps(), {}, times)
        if what == "test":
            outside = {"GATEHOUSE_CHROMIUM": ensure_browser(), "GATEHOUSE_DOVECOT": ensure_dovecot()}
            with own_servers() as environment:
                run(test_steps(rest), {**environment, **outside}, times)
    except (Failed, TimeoutError) as problem:
        report(times)
        sys.exit(f"\nFAILED: {problem}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the test servers have been stopped.")
    report(times)
    print("\nAll checks passed.")


def run(steps: list[Step], environment: Mapping[str, str], times: dict[str, float]) -> None:
    """Run `steps` in order, noting each one's seconds in `times`. Raises Failed at the first that fails."""
    for step in steps:
        print(f"\n=== {step.name}", flush=True)
        began = time.monotonic()
        done = subprocess.run(
            step.command, cwd=ROOT, env={**os.environ, **environment, **step.environment}, check=False
        )
        times[step.name] = time.monotonic() - began
        if done.returncode:
            raise Failed(f"{step.name}. Again on its own: {' '.join(_short(part) for part in step.command)}")


def report(times: Mapping[str, float]) -> None:
    print("\n" + "\n".join(f"{seconds:8.1f} s  {name}" for name, seconds in times.items()))


@contextlib.contextmanager
def own_servers(*, scratch: bool = True) -> Iterator[dict[str, str]]:
    """Servers for one run of tests or measurements, in a folder that goes with them; gives the environment for them."""
    remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            with servers.running(folder, scratch=scratch) as addresses:
                yield {
                    **addresses,
                    "DJANGO_SETTINGS_MODULE": "config.settings.test",
                    "GATEHOUSE_DATA_DIR": str(folder),
                    "GATEHOUSE_PORT": str(free_pair()),
                }
        finally:
            end_everything(folder)
            shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned() -> None:
    """Clear away the servers and folders of test runs that were killed; a folder in use is locked and left alone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end_everything(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _tool(name: str, *arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name(name)), *arguments]


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def _short(part: str) -> str:
    return part.removeprefix(f"{ROOT}/")


if __name__ == "__main__":
    main()
