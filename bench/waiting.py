"""What do long polls (GET /v1/approvals/{id}?wait=30) cost the others of the same web process?

The rate of plain reads without anybody waiting, and with forty programs that wait and come again when they are told to;
the peer is the first figure of the same run. Then how long after a decision a waiting program knows of it.

    make bench ARGS=waiting
"""

import argparse
import json
import statistics
import threading
import time
import urllib.request
from typing import Any

from bench import ground, load

PROGRAMS = 40
TARGET_RATIO = 0.7


def call(method: str, url: str, key: str, body: Any = None) -> tuple[dict[str, Any], str]:
    """(The answer's JSON, its Retry-After)."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer), answer.headers.get("Retry-After", "")


class Waiters:
    """Programs that wait for one request to end, as the documentation tells them to."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key, self.over = url, key, threading.Event()
        self.turned_away = 0
        self.threads = [threading.Thread(target=self._wait, daemon=True) for _ in range(PROGRAMS)]
        for thread in self.threads:
            thread.start()

    def _wait(self) -> None:
        while not self.over.is_set():
            _, pause = call("GET", f"{self.url}?wait=30", self.key)
            if pause:
                self.turned_away += 1
                self.over.wait(float(pause))


def another_key(business: Any) -> str:
    """Whoever asks may not decide."""
    from apps.accounts.keys import issue_key

    limit = ground.UNLIMITED
    return issue_key(
        business=business,
        name="decider",
        scopes=["approvals:decide"],
        by=None,
        requests_per_minute=limit,
        requests_per_day=limit,
    )[1]


def ask(base: str, key: str) -> dict[str, Any]:
    return call("POST", f"{base}/v1/approvals", key, {"title": "Bench", "payload": {"amount": 1}})[0]


def decide(base: str, key: str, asked: dict[str, Any]) -> None:
    said = {"verdict": "approve", "payload_hash": asked["payload_hash"]}
    call("POST", f"{base}/v1/approvals/{asked['id']}/decide", key, said)


def rate(base: str, asked: dict[str, Any], key: str, seconds: float) -> load.Result:
    url = f"{base}/v1/approvals/{asked['id']}"
    request = load.request_bytes("GET", url, headers={"Authorization": f"Bearer {key}"})
    return load.run(base, lambda _: request, connections=16, seconds=seconds)


def delay(base: str, asker: str, decider: str) -> float:
    """Seconds from a decision until one who waits knows."""
    asked, known = ask(base, asker), []

    def wait() -> None:
        call("GET", f"{base}/v1/approvals/{asked['id']}?wait=30", asker)
        known.append(time.monotonic())

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.7)
    decide(base, decider, asked)
    decided = time.monotonic()
    thread.join()
    return known[0] - decided


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    wanted = parser.parse_args()
    ground.set_up()
    business, asker = ground.new_business()
    decider = another_key(business)
    with ground.web() as (base, _):
        asked = ask(base, asker)
        rate(base, asked, asker, 1)
        alone = rate(base, asked, asker, wanted.seconds)
        waiters = Waiters(f"{base}/v1/approvals/{asked['id']}", asker)
        time.sleep(1)
        beside = rate(base, asked, asker, wanted.seconds)
        waiters.over.set()
        decide(base, decider, asked)
        for thread in waiters.threads:
            thread.join(40)
        delays = [delay(base, asker, decider) for _ in range(8)]
    ratio = beside.rate / alone.rate
    print(f"reads alone: {alone}\nreads beside {PROGRAMS} that wait: {beside}")
    print(f"told to come again: {waiters.turned_away} times")
    print(
        f"known after a decision: median {statistics.median(delays) * 1000:.0f} ms, worst {max(delays) * 1000:.0f} ms\n"
    )
    print(f"{'ok  ' if ratio >= TARGET_RATIO else 'MISS'} ratio: {ratio:.2f}, at least {TARGET_RATIO}")


if __name__ == "__main__":
    main()
