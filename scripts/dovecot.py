"""The IMAP server of the mail tests: the system's Dovecot, installed where that can be done."""

import os
import shutil
import subprocess
from pathlib import Path

from scripts.browser import fails
from scripts.failures import Failed

PLACES = (
    "/usr/sbin/dovecot",
    "/usr/local/sbin/dovecot",
    "/opt/homebrew/sbin/dovecot",
    "/usr/local/opt/dovecot/sbin/dovecot",
)
MISSING = """\
The mail tests need Dovecot, and it is not installed. As root (or with sudo):
    apt-get install dovecot-imapd     (Fedora: dnf install dovecot; macOS: brew install dovecot)
It is run by the tests alone, on a port and in a folder of its own; the system's service is not needed.
Or name one that is already there: GATEHOUSE_DOVECOT=/path/to/dovecot make test"""


def ensure_dovecot() -> str:
    """The path of a Dovecot that starts, installed by apt-get first if need be and possible. Raises Failed."""
    found = find_dovecot()
    if found is None and _install():
        found = find_dovecot()
    if found is None:
        raise Failed(MISSING)
    return found


def find_dovecot() -> str | None:
    """The path of a Dovecot that starts, or None. GATEHOUSE_DOVECOT, when set, is the only one considered."""
    named = os.environ.get("GATEHOUSE_DOVECOT")
    candidates = [named] if named else [shutil.which("dovecot"), *(place for place in PLACES if Path(place).exists())]
    return next((path for path in candidates if path and _starts(path)), None)


def _starts(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _install() -> bool:
    """Install it with apt-get, as root or through a sudo that asks nothing; whether that went well."""
    apt = shutil.which("apt-get")
    if apt is None or os.environ.get("GATEHOUSE_DOVECOT"):
        return False
    command = [apt] if os.geteuid() == 0 else ["sudo", "-n", apt]
    if os.geteuid() != 0 and (shutil.which("sudo") is None or fails(["sudo", "-n", "true"])):
        return False
    print("Installing Dovecot for the mail tests ...", flush=True)
    # In this run level Debian's packages start no service.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    steps = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "dovecot-imapd"])
    return not any(fails([*command, *step], environment) for step in steps)
