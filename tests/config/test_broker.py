"""Redis is killed under workers that have work in hand: they live on. One that is silent is not waited for."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from scripts.redis_server import Redis
from scripts.servers import command
from scripts.supervision import ROOT
from tests.config.holding import HOLD, NOTE

POOLS = ("threads", "prefork")


@dataclass
class Crew:
    """A Redis and one worker of each kind of pool, each with a queue of the pool's name. folder: of their files."""

    folder: Path
    redis: subprocess.Popen[bytes]
    workers: dict[str, subprocess.Popen[bytes]]
    sender: Celery

    def send(self, task: str, pool: str, *files: str) -> None:
        self.sender.send_task(task, [str(self.folder / file) for file in files], queue=pool)

    def wait_for(self, *files: str, seconds: float = 60) -> None:
        """Until these files are there; fails at once when a worker has ended."""
        until = time.monotonic() + seconds
        while not all((self.folder / file).exists() for file in files):
            self.check(time.monotonic() < until, f"{files} did not come about")
            time.sleep(0.05)
            for pool, worker in self.workers.items():
                self.check(worker.poll() is None, f"the worker of {pool} has ended")

    def check(self, fine: bool, problem: str) -> None:
        logs = [(self.folder / f"{pool}.log").read_text(errors="replace")[-2000:] for pool in POOLS]
        assert fine, "\n".join([problem, *logs])


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    url = Redis(tmp_path).url
    environment = {name: value for name, value in os.environ.items() if name != "CELERY_BROKER_URL"}
    with contextlib.ExitStack() as stack:
        redis = start_redis(tmp_path)
        workers = {pool: start_worker(pool, tmp_path, environment | {"REDIS_URL": url}) for pool in POOLS}
        sender = Celery("sender", broker=url.replace("unix://", "redis+socket://"), set_as_current=False)
        stack.callback(sender.close)
        crew = Crew(tmp_path, redis, workers, sender)
        stack.callback(lambda: end([*workers.values(), crew.redis]))
        yield crew


def start_redis(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "redis.log").open("ab") as log:
        started = subprocess.Popen(command("redis", folder), cwd=ROOT, stdout=log, stderr=log)
    Redis(folder).wait(60, alive=lambda: started.poll() is None)
    return started


def start_worker(pool: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    options = f"--queues {pool} --hostname {pool}@localhost --pool {pool} --concurrency 2 --loglevel WARNING"
    line = [sys.executable, "-m", "celery", "-A", "tests.config.holding:app", "worker", *options.split()]
    with (folder / f"{pool}.log").open("ab") as log:
        return subprocess.Popen(
            [*line, "--without-gossip", "--without-mingle"], cwd=ROOT, stdout=log, stderr=log, env=environment
        )


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_workers_with_work_in_hand_outlive_redis_and_go_on(crew: Crew) -> None:
    for pool in POOLS:
        crew.send(HOLD, pool, f"{pool}-begun", "go")
    crew.wait_for(*(f"{pool}-begun" for pool in POOLS))

    crew.redis.kill()
    crew.redis.wait()
    time.sleep(0.5)
    crew.redis = start_redis(crew.folder)

    # While the work is still in hand, and after it ended with a message that can no longer be acknowledged.
    for pool in POOLS:
        crew.send(NOTE, pool, f"{pool}-next")
    crew.wait_for(*(f"{pool}-next" for pool in POOLS))
    (crew.folder / "go").touch()
    for pool in POOLS:
        crew.send(NOTE, pool, f"{pool}-last")
    crew.wait_for(*(f"{pool}-last" for pool in POOLS))


def test_a_redis_that_takes_connections_and_never_answers_is_given_up() -> None:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sender = Celery("sender", broker=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", set_as_current=False)
        sender.conf.broker_transport_options = options | {"socket_timeout": options["socket_timeout"] / 10}
        with pytest.raises(OperationalError):
            sender.send_task(NOTE, ["nowhere"], retry=False)
        sender.close()
