"""EDGE: submit goals to a running Gatehouse through its REST API, many at a time, as commands do."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

TIMEOUT_SECONDS = 60
# Full: come back when told. Everything else is an answer.
AGAIN = (429, 503)
USUAL_WAIT, LONGEST_WAIT, PATIENCE_SECONDS = 1.0, 60.0, 300.0


class NoTarget(Exception):
    """It is not known where Gatehouse runs or with which key to speak to it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. seconds: how long the attempt took that was answered, waits for a full house left out."""

    status: int
    body: dict[str, Any]
    seconds: float

    @property
    def accepted(self) -> bool:
        return self.status in (200, 201)


class GateClient:
    """Speaks for one API key. Safe to use from many threads."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def submit(self, body: Mapping[str, Any]) -> Answer:
        """Submit one goal; waits as Retry-After says while the house is full. Raises httpx.HTTPError: no answer."""
        return self._post("/v1/goals", body)

    def submit_all(self, bodies: Iterable[Mapping[str, Any]], *, parallel: int) -> Iterator[Answer]:
        """Submit many, so many at a time; their answers in the order of the goals. Raises as `submit` does."""
        with ThreadPoolExecutor(parallel) as pool:
            yield from pool.map(self.submit, bodies)

    def cancel_all(self, goal_ids: Iterable[str], *, reason: str, parallel: int) -> int:
        """Take goals back; how many could be. One that has moved on meanwhile is left alone."""
        with ThreadPoolExecutor(parallel) as pool:
            answers = pool.map(lambda pk: self._post(f"/v1/goals/{pk}/cancel", {"reason": reason}), goal_ids)
            return sum(answer.accepted for answer in answers)

    def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            began = time.perf_counter()
            response = self._http.post(path, json=body)
            took = time.perf_counter() - began
            if response.status_code not in AGAIN or time.monotonic() > until:
                return Answer(response.status_code, _json_of(response), took)
            time.sleep(_wait_of(response))


def target(*, url: str | None, key: str | None, run_file: Path) -> tuple[str, str]:
    """(url, key) as given, else as `make run` wrote them down. Raises NoTarget."""
    if url and key:
        return url, key
    try:
        run = json.loads(run_file.read_text())
        return url or run["url"], key or run["api_key"]
    except (OSError, ValueError, KeyError):
        raise NoTarget("Give --url and --key, or start Gatehouse with `make run` first") from None


def _wait_of(response: httpx.Response) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT) if asked.isdigit() else USUAL_WAIT


def _json_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
