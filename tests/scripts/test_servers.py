"""The embedded servers and their supervisor, with real processes killed for real."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from scripts import servers
from scripts.failures import Failed
from scripts.postgres import Postgres, drop_stale_lock
from scripts.processes import leftovers, spawn
from scripts.redis_server import Redis
from scripts.sockets import LONGEST_PATH, socket_folder
from scripts.supervision import Program, Supervisor, configuration, supervised

FOREVER = "import subprocess, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"


def programs(folder: Path) -> list[Program]:
    return [
        Program("postgres", "", servers.command("postgres", folder), 1, stop_signal="INT", replaces_leftovers=True),
        Program("redis", "", servers.command("redis", folder), 1, replaces_leftovers=True),
        Program("worker", "", [sys.executable, "-c", FOREVER], 2),
    ]


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    folder = tmp_path_factory.mktemp("supervised")
    with supervised(folder, programs(folder)) as running:
        for program in programs(folder):
            running.start(program)
        Postgres(folder).wait()
        Redis(folder).wait()
        Postgres(folder).ensure_database()
        wait_for(lambda: running.states()["worker"].word == "RUNNING")
        yield running
    assert leftovers(folder) == []


def wait_for(met: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill(supervisor: Supervisor, name: str) -> None:
    """kill -9 the process and wait until another one has taken its place."""
    killed = supervisor.states()[name].pid
    os.kill(killed, 9)
    wait_for(lambda: supervisor.states()[name].pid not in (0, killed))


def test_postgres_comes_back_after_kill_9_with_what_was_committed(supervisor: Supervisor) -> None:
    postgres = Postgres(supervisor.folder)
    with psycopg.connect(postgres.url()) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('still here')")

    kill(supervisor, "postgres")

    postgres.wait()
    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("still here",)]


def test_redis_comes_back_after_kill_9_with_what_was_queued(supervisor: Supervisor) -> None:
    server = Redis(supervisor.folder)
    redis.Redis.from_url(server.url).lpush("queue", "one", "two")

    kill(supervisor, "redis")

    server.wait()
    assert redis.Redis.from_url(server.url).llen("queue") == 2


def test_children_of_a_killed_process_are_ended_before_it_starts_again(supervisor: Supervisor) -> None:
    orphans = psutil.Process(supervisor.states()["worker"].pid).children()
    assert [orphan.name() for orphan in orphans] == ["sleep"]

    kill(supervisor, "worker")

    wait_for(lambda: not orphans[0].is_running())
    assert [part for part in leftovers(supervisor.folder, "worker") if part in orphans] == []


def test_the_database_owner_is_no_superuser_and_finds_the_vector_type(supervisor: Supervisor) -> None:
    with psycopg.connect(Postgres(supervisor.folder).url()) as connection:
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,3]'::vector").fetchone() == (1.0,)


def test_servers_answer_only_on_private_sockets(supervisor: Supervisor) -> None:
    assert socket_folder(supervisor.folder).stat().st_mode & 0o077 == 0
    listening = [
        connection
        for name in servers.SERVERS
        for process in leftovers(supervisor.folder, name)
        for connection in process.net_connections("tcp")
    ]
    assert listening == []


def test_servers_start_over_locks_whose_number_now_belongs_to_another_program(tmp_path: Path) -> None:
    with servers.running(tmp_path, scratch=True) as first, psycopg.connect(first["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept ()")
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        lock = f"{bystander.pid}\n{tmp_path}/postgres\n"
        (tmp_path / "postgres" / "postmaster.pid").write_text(lock)
        (socket_folder(tmp_path) / ".s.PGSQL.5432.lock").write_text(lock)

        with servers.running(tmp_path, scratch=True) as second, psycopg.connect(second["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_lock_of_the_running_server_is_left_alone(supervisor: Supervisor) -> None:
    data = Postgres(supervisor.folder).data
    drop_stale_lock(data / "postmaster.pid", data)
    assert (data / "postmaster.pid").exists()


def test_an_interrupted_first_start_is_begun_again(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")

    with servers.running(tmp_path, scratch=True) as addresses:
        psycopg.connect(addresses["DATABASE_URL"]).close()


def test_a_server_that_cannot_start_says_why_at_once(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "something else").touch()
    began = time.monotonic()

    with pytest.raises(TimeoutError, match="not empty"), servers.running(tmp_path, scratch=True):
        pass

    assert time.monotonic() - began < 20
    assert leftovers(tmp_path) == []


def test_leftovers_are_known_by_folder_and_part(tmp_path: Path) -> None:
    mine = spawn("worker", tmp_path, ["sleep", "600"])
    other = spawn("worker", tmp_path / "elsewhere", ["sleep", "600"])
    try:
        assert [process.pid for process in leftovers(tmp_path)] == [mine.pid]
        assert leftovers(tmp_path, "beat") == []
    finally:
        for process in (mine, other):
            process.kill()
            process.wait()


def test_sockets_move_to_a_short_place_when_the_project_path_is_long_or_odd(tmp_path: Path) -> None:
    for name in ("x" * 100, "with space"):
        folder = tmp_path / name
        sockets = socket_folder(folder)
        assert not sockets.is_relative_to(folder)
        assert sockets == socket_folder(folder)
        assert len(f"{sockets}/.s.PGSQL.5432.lock") <= LONGEST_PATH
        sockets.rmdir()


def test_a_path_the_supervisor_cannot_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="Move the project"):
        configuration(tmp_path / "100%", tmp_path, [])
