"""What happens between the servers and the web process: secrets, migrations, static files, demo data."""

import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.failures import Failed
from scripts.supervision import ROOT

Say = Callable[[str], None]


def secrets_of(folder: Path) -> dict[str, str]:
    """SECRET_KEY and FIELD_ENCRYPTION_KEY of this folder, made once and kept in its secrets.env (mode 600)."""
    kept = folder / "secrets.env"
    if not kept.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FIELD_ENCRYPTION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        write_privately(kept, "".join(f"{name}={value}\n" for name, value in made.items()))
    return dict(line.split("=", 1) for line in kept.read_text().split())


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def prepare(folder: Path, say: Say) -> None:
    """Bring the database's tables and the static files up to date. Raises Failed with the command's own words."""
    say("Migrating the database and collecting static files ...")
    # Neither waits for the other, and both take a while where everything is new.
    with ThreadPoolExecutor(1) as beside:
        static = beside.submit(_collect_static, folder)
        manage(folder, "migrate", "--noinput")
        manage(folder, "seed_schedule")
        static.result()


def _collect_static(folder: Path) -> None:
    stamp = folder / "static.stamp"
    wanted = _static_fingerprint()
    if not stamp.exists() or stamp.read_text() != wanted:
        manage(folder, "collectstatic", "--noinput", "--clear")
        stamp.write_text(wanted)


def load_demo(folder: Path, say: Say) -> dict[str, str]:
    """Load the demo, once; give its username, password and api_key, the ones in `folder`/run.json if still good."""
    say("Loading the demo ...")
    said = manage(folder, "load_demo", "--credentials", str(folder / "run.json"))
    access: dict[str, str] = json.loads(said.strip().splitlines()[-1])
    return access


def manage(folder: Path, *command: str) -> str:
    """Run a management command, its error output kept in logs/prepare.log; give what it printed. Raises Failed."""
    log = folder / "logs" / "prepare.log"
    # A session of its own: Ctrl-C reaches us, and we end it, without two tracebacks on the terminal.
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    with log.open("a") as file:
        file.write(f"$ manage.py {' '.join(command)}\n{done.stdout}{done.stderr}\n")
    if done.returncode:
        raise Failed(f"`manage.py {command[0]}` failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def _static_fingerprint() -> str:
    """Changes when a package with static files or a file of ours does."""
    digest = hashlib.sha256((ROOT / "requirements" / "base.txt").read_bytes())
    for folder in (ROOT / "static", *ROOT.glob("apps/*/static")):
        for path in sorted(folder.rglob("*")):
            found = path.stat()
            digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
