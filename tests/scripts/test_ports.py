"""What a person is told when the port or the folder is taken."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.failures import Failed
from scripts.ports import check_port, free_pair, is_taken, parse_port
from scripts.run import AlreadyRunning, news, only_one
from scripts.supervision import ROOT, State

HOLD = "import sys; from pathlib import Path; from scripts.run import only_one\n"
HOLD += "with only_one(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_in_use_is_named_with_the_way_out(taken: int) -> None:
    with pytest.raises(Failed, match=rf"Port {taken} is in use by .*process {os.getpid()}.*GATEHOUSE_PORT="):
        check_port(taken)


def test_a_listener_on_ipv6_alone_counts_too() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        assert is_taken(server.getsockname()[1])


def test_a_free_pair_is_free() -> None:
    port = free_pair()
    check_port(port)
    check_port(port + 1)


@pytest.mark.parametrize("text", ["", "80", "65535", "-1", "eight", "8000.5"])
def test_a_port_must_be_a_number_an_ordinary_user_may_open(text: str) -> None:
    with pytest.raises(Failed, match="GATEHOUSE_PORT"):
        parse_port(text)


def test_a_second_run_from_the_same_folder_is_told_where_the_first_is(tmp_path: Path) -> None:
    with only_one(tmp_path) as lock:
        lock.write("4711 http://localhost:8000")
        lock.flush()
        told = r"at http://localhost:8000 \(process 4711\).*make stop"
        with pytest.raises(AlreadyRunning, match=told), only_one(tmp_path):
            pass


def test_the_folder_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning), only_one(tmp_path):
            pass
        holder.kill()
    with only_one(tmp_path):
        pass


def test_news_tells_what_died_what_came_back_and_what_cannot() -> None:
    before = {name: State("RUNNING", pid, "") for name, pid in (("web", 1), ("worker", 2), ("beat", 3), ("live", 4))}
    now = {
        "web": State("RUNNING", 1, ""),
        "worker": State("STARTING", 22, ""),
        "beat": State("BACKOFF", 0, ""),
        "live": State("FATAL", 0, "no such file"),
    }
    assert news(before, now) == [
        "worker ended unexpectedly; started again.",
        "beat ended unexpectedly; starting it again.",
        "live cannot be started: no such file. See its log.",
    ]
    assert news(now, now) == []
