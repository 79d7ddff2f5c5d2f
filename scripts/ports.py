"""Which TCP ports are free on this machine's loopback addresses."""

import contextlib
import socket

import psutil

from scripts.failures import Failed


def parse_port(text: str) -> int:
    """The port that GATEHOUSE_PORT names. Raises Failed unless an ordinary user may open it and the next one."""
    if text.isdecimal() and 1024 <= int(text) < 65535:
        return int(text)
    raise Failed(f"GATEHOUSE_PORT is {text!r}; it must be a number from 1024 to 65534.")


def check_port(port: int) -> None:
    """Raises Failed, naming the program if it can be seen, when something listens on `port`."""
    if is_taken(port):
        raise Failed(
            f"Port {port} is in use{_owner_of(port)}. Choose another: GATEHOUSE_PORT=8080 make run "
            "(that port serves the pages and the API, the next one the live updates)."
        )


def is_taken(port: int) -> bool:
    """Whether something listens on `port` of the loopback addresses, IPv4 or IPv6."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            if probe.connect_ex((address, port)) == 0:
                return True
    return False


def free_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        if port < 65535 and not is_taken(port) and not is_taken(port + 1):
            return port


def _owner_of(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,) and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""
