"""Steps of the gate: commands that are run, timed, and stop everything when one fails."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from scripts.failures import Failed
from scripts.supervision import ROOT

LOOK_EVERY = 0.05


@dataclass(frozen=True)
class Step:
    """One check: a name for people, its command, and what it needs in the environment."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Running:
    step: Step
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    began: float


def run(step: Step, environment: Mapping[str, str], times: dict[str, float]) -> None:
    """Run one step whose output is seen as it comes, noting its seconds in `times`. Raises Failed when it fails."""
    print(f"\n=== {step.name}", flush=True)
    began = time.monotonic()
    done = subprocess.run(step.command, cwd=ROOT, env={**os.environ, **environment, **step.environment}, check=False)
    _note(step, done.returncode, began, times)


def run_beside(
    steps: Sequence[Step], environment: Mapping[str, str], times: dict[str, float], *, at_once: int | None = None
) -> None:
    """Run `steps`, as many at once as there are processors, and show what each said when it has ended.

    at_once: another number than that of the processors. Raises Failed at the first that fails; the others are ended.
    """
    waiting, running = list(steps), list[_Running]()
    try:
        while waiting or running:
            while waiting and len(running) < (at_once or os.cpu_count() or 1):
                running.append(_start(waiting.pop(0), environment))
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                _show(one)
                _note(one.step, one.process.returncode, one.began, times)
            time.sleep(LOOK_EVERY)
    finally:
        for one in running:
            one.process.terminate()
        for one in running:
            one.process.wait()
            one.said.close()


def report(times: Mapping[str, float]) -> None:
    print("\n" + "\n".join(f"{seconds:8.1f} s  {name}" for name, seconds in times.items()), flush=True)


def _start(step: Step, environment: Mapping[str, str]) -> _Running:
    said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is shown
    process = subprocess.Popen(
        step.command,
        cwd=ROOT,
        env={**os.environ, **environment, **step.environment},
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=subprocess.STDOUT,
    )
    return _Running(step, process, said, time.monotonic())


def _show(one: _Running) -> None:
    print(f"\n=== {one.step.name}", flush=True)
    with one.said:
        one.said.seek(0)
        text = one.said.read().decode(errors="replace").rstrip()
    if text:
        print(text, flush=True)


def _note(step: Step, status: int, began: float, times: dict[str, float]) -> None:
    times[step.name] = time.monotonic() - began
    if status:
        raise Failed(f"{step.name}. Again on its own: {' '.join(_short(part) for part in step.command)}")


def _short(part: str) -> str:
    return part.removeprefix(f"{ROOT}/")


def tool(name: str, *arguments: str) -> list[str]:
    """The command line of a program of the virtual environment."""
    return [str(Path(sys.executable).with_name(name)), *arguments]


def manage(*arguments: str) -> list[str]:
    """The command line of a management command."""
    return [sys.executable, "manage.py", *arguments]
