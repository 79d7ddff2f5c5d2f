"""The browser of the journey tests: the system's Chromium, installed where that can be done."""

import os
import shutil
import subprocess

from scripts.failures import Failed

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = """\
The browser tests need Chromium, and it is not installed. As root (or with sudo):
    apt-get install chromium          (Fedora: dnf install chromium; macOS: brew install chromium)
or name a Chrome or Chromium that is already there: GATEHOUSE_CHROMIUM=/path/to/it make test"""


def ensure_browser() -> str:
    """The path of a Chromium that starts, installed by apt-get first if need be and possible. Raises Failed."""
    found = find_browser()
    if found is None and _install():
        found = find_browser()
    if found is None:
        raise Failed(MISSING)
    return found


def find_browser() -> str | None:
    """The path of a Chromium that starts, or None. GATEHOUSE_CHROMIUM, when set, is the only one considered."""
    named = os.environ.get("GATEHOUSE_CHROMIUM")
    candidates = [named] if named else [shutil.which(name) for name in NAMES]
    return next((path for path in candidates if path and _starts(path)), None)


def _starts(path: str) -> bool:
    """Whether it tells its version: Ubuntu's package is a placeholder that only asks for snap."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _install() -> bool:
    """Install Chromium with apt-get, as root or through a sudo that asks nothing; whether that went well."""
    apt = shutil.which("apt-get")
    if apt is None or os.environ.get("GATEHOUSE_CHROMIUM"):
        return False
    command = [apt] if os.geteuid() == 0 else ["sudo", "-n", apt]
    if os.geteuid() != 0 and (shutil.which("sudo") is None or fails(["sudo", "-n", "true"])):
        return False
    print("Installing Chromium for the browser tests ...", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    steps = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"])
    return not any(fails([*command, *step], environment) for step in steps)


def fails(command: list[str], environment: dict[str, str] | None = None) -> bool:
    """Run it without its output; whether it ended with an error."""
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    return done.returncode != 0
