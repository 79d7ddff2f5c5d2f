"""Programs of the system that the tests need: a browser and an IMAP server, installed where that can be done.

python -m scripts.outside     says where they are, or what to do
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from scripts.failures import Failed


@dataclass(frozen=True)
class Program:
    """One of them. variable: of the environment, naming the only one that is considered. places: beside the PATH."""

    title: str
    variable: str
    names: tuple[str, ...]
    package: str
    missing: str
    places: tuple[str, ...] = ()

    def ensure(self) -> str:
        """The path of one that starts, installed by apt-get first if need be and possible. Raises Failed."""
        found = self.find()
        if found is None and self._install():
            found = self.find()
        if found is None:
            raise Failed(self.missing)
        return found

    def find(self) -> str | None:
        """The path of one that starts, or None."""
        named = os.environ.get(self.variable)
        candidates = map(shutil.which, [named] if named else [*self.names, *self.places])
        return next((path for path in candidates if path and _starts(path)), None)

    def _install(self) -> bool:
        """Install the package with apt-get, as root or through a sudo that asks nothing; whether that went well."""
        apt = shutil.which("apt-get")
        if apt is None or os.environ.get(self.variable):
            return False
        command = [apt] if os.geteuid() == 0 else ["sudo", "-n", apt]
        if os.geteuid() != 0 and (shutil.which("sudo") is None or _fails(["sudo", "-n", "true"])):
            return False
        print(f"Installing {self.title} for the tests ...", flush=True)
        # In this run level Debian's packages start no service.
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        install = ["install", "-y", "-qq", "--no-install-recommends", self.package]
        return not any(_fails([*command, *step], environment) for step in (["update", "-qq"], install))


BROWSER = Program(
    title="Chromium",
    variable="GATEHOUSE_CHROMIUM",
    names=("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    places=(
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
    package="chromium",
    missing="""\
The browser tests need Chromium, and it is not installed. As root (or with sudo):
    apt-get install chromium          (Fedora: dnf install chromium; macOS: brew install chromium)
or name a Chrome or Chromium that is already there: GATEHOUSE_CHROMIUM=/path/to/it make test""",
)
DOVECOT = Program(
    title="Dovecot",
    variable="GATEHOUSE_DOVECOT",
    names=("dovecot",),
    places=(
        "/usr/sbin/dovecot",
        "/usr/local/sbin/dovecot",
        "/opt/homebrew/sbin/dovecot",
        "/usr/local/opt/dovecot/sbin/dovecot",
    ),
    package="dovecot-imapd",
    missing="""\
The mail tests need Dovecot, and it is not installed. As root (or with sudo):
    apt-get install dovecot-imapd     (Fedora: dnf install dovecot; macOS: brew install dovecot)
It is run by the tests alone, on a port and in a folder of its own; the system's service is not needed.
Or name one that is already there: GATEHOUSE_DOVECOT=/path/to/dovecot make test""",
)


def ensure_all() -> dict[str, str]:
    """Where each of them is, by the variable that names it. Raises Failed for the first that cannot be had."""
    return {program.variable: program.ensure() for program in (BROWSER, DOVECOT)}


def _starts(path: str) -> bool:
    """Whether it tells its version: Ubuntu's package of Chromium is a placeholder that only asks for snap."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _fails(command: list[str], environment: dict[str, str] | None = None) -> bool:
    """Run it without its output; whether it ended with an error."""
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode != 0


if __name__ == "__main__":
    try:
        print("\n".join(f"{name}={path}" for name, path in ensure_all().items()))
    except Failed as problem:
        sys.exit(str(problem))
