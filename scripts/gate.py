"""`make lint` and `make test`: every check, each timed, stopping at the first that fails.

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
from collections.abc import Iterator
from pathlib import Path

from scripts import servers
from scripts.failures import Failed
from scripts.outside import BROWSER, DOVECOT
from scripts.ports import free_pair
from scripts.steps import Step, manage, report, run, run_beside, tool
from scripts.supervision import ROOT, end_everything

PREFIX = "gatehouse-test-"
# Names a copy of PostgreSQL's data with all tables and no rows, for tests that run servers of their own. Where it is
# set, the database of DATABASE_URL has all tables too.
CLUSTER = "GATEHOUSE_TEST_CLUSTER"
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


def lint_steps() -> list[Step]:
    """What needs no server. The long one first: the others are over by the time it is."""
    templates = [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]
    return [
        Step("types (mypy)", tool("mypy"), {"DJANGO_SETTINGS_MODULE": "config.settings.test"}),
        Step("format (ruff)", tool("ruff", "format", "--check", ".")),
        Step("lint (ruff)", tool("ruff", "check", ".")),
        Step("templates (djade)", tool("djade", "--check", "--target-version", "5.2", *templates)),
        Step("layers (import-linter)", tool("lint-imports", "--no-logo")),
        Step(
            "production settings (check --deploy)", manage("check", "--deploy", "--fail-level", "WARNING"), PRODUCTION
        ),
    ]


def preparing_steps() -> list[Step]:
    """What must be so before the tests, and takes a while."""
    openapi = ["--validate", "--fail-on-warn", "--file", os.devnull]
    return [
        Step("browser and IMAP server", [sys.executable, "-m", "scripts.outside"]),
        Step("database (migrate)", manage("migrate", "--noinput", "--verbosity", "0")),
        Step("migrations match the models", manage("makemigrations", "--check", "--dry-run")),
        Step("OpenAPI schema (spectacular)", manage("spectacular", *openapi)),
    ]


def pytest_step(arguments: list[str]) -> Step:
    workers = ["-n", str(min(os.cpu_count() or 1, 4))]
    return Step("tests (pytest)", [sys.executable, "-m", "pytest", *workers, *arguments])


def main() -> None:
    what, *rest = sys.argv[1:] or ["lint"]
    servers.stop_on_signals()
    # Tests start some hundred processes of ours: without compiled modules each would compile them anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, float] = {}
    try:
        if what == "test":
            test(rest, times)
        else:
            run_beside(lint_steps(), {}, times)
    except (Failed, TimeoutError) as problem:
        report(times)
        sys.exit(f"\nFAILED: {problem}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the test servers have been stopped.")
    report(times)
    print("\nAll checks passed.")


def test(arguments: list[str], times: dict[str, float]) -> None:
    """All checks and all tests, on servers of their own. Raises Failed."""
    with own_folder() as folder:
        with servers.running(folder, scratch=True) as addresses:
            run_beside([*lint_steps(), *preparing_steps()], own_environment(folder, addresses), times)
        # Of a server that has stopped: its files can be taken as they are.
        cluster = folder / "cluster"
        subprocess.run(["cp", "-a", str(folder / "postgres"), str(cluster)], check=True)
        outside = {program.variable: program.ensure() for program in (BROWSER, DOVECOT)}
        with servers.running(folder, scratch=True) as addresses:
            environment = {**own_environment(folder, addresses), **outside, CLUSTER: str(cluster)}
            run(pytest_step(arguments), environment, times)


@contextlib.contextmanager
def own_servers(*, scratch: bool = True) -> Iterator[dict[str, str]]:
    """Servers for one run of measurements, in a folder that goes with them; gives the environment for them."""
    with own_folder() as folder, servers.running(folder, scratch=scratch) as addresses:
        yield own_environment(folder, addresses)


def own_environment(folder: Path, addresses: dict[str, str]) -> dict[str, str]:
    return {
        **addresses,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "GATEHOUSE_DATA_DIR": str(folder),
        "GATEHOUSE_PORT": str(free_pair()),
    }


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for the block, locked, and ended and removed with all that runs in it afterwards."""
    remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
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


if __name__ == "__main__":
    main()
