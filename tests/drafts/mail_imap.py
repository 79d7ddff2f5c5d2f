"""A real IMAP server for tests: Dovecot in the foreground, on ports and in a folder of its own."""

import contextlib
import datetime
import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from scripts.outside import DOVECOT

ADDRESS = "help@corner-shop.example.com"
PASSWORD = "let-mail-in"
STARTS_WITHIN = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Certificate:
    """Of 127.0.0.1 and localhost, signed by itself."""

    cert: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.cert, self.key)
        return context


def a_certificate(folder: Path) -> Certificate:

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    made.cert.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return made


@dataclass
class Imap:
    """A running Dovecot. Any user exists, with PASSWORD; folders INBOX, Sent and Archive are there."""

    folder: Path
    port: int
    tls_port: int
    certificate: Certificate
    process: Any = None
    command: list[str] = field(default_factory=list)

    def deliver(
        self,
        raw: bytes,
        *,
        user: str = ADDRESS,
        to: str = "INBOX",
        flags: str = "",
        at: datetime.datetime | None = None,
    ) -> None:
        """Put a mail into a folder, as a mail server does."""
        with self.client(user) as client:
            moment = imaplib.Time2Internaldate(at or datetime.datetime.now(datetime.UTC))
            kind, said = client.append(to, flags, moment, raw)
            assert kind == "OK", said

    def mails(self, folder: str = "INBOX", *, user: str = ADDRESS) -> list[EmailMessage]:
        """What lies in a folder."""
        with self.client(user) as client:
            client.select(folder, readonly=True)
            _, rows = client.search(None, "ALL")
            numbers = rows[0].split()
            found = []
            for number in numbers:
                _, parts = client.fetch(number, "(BODY.PEEK[])")
                found.append(message_from_bytes(cast(tuple[bytes, bytes], parts[0])[1], policy=policy.default))
            return found

    def flags(self, folder: str = "INBOX", *, user: str = ADDRESS) -> list[str]:
        """The flags of each mail in a folder."""
        with self.client(user) as client:
            client.select(folder, readonly=True)
            _, rows = client.fetch("1:*", "(FLAGS)")
            return [row.decode() for row in rows if isinstance(row, bytes)]

    @contextlib.contextmanager
    def client(self, user: str = ADDRESS) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.port, 20)
        try:
            client.login(user, PASSWORD)
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.logout()

    def start(self) -> None:
        log = (self.folder / "out.log").open("ab")
        self.process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            with contextlib.suppress(OSError, imaplib.IMAP4.error), self.client("probe"):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        logs = "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))
        raise RuntimeError(f"Dovecot does not start:\n{logs[-3000:]}")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)


@contextlib.contextmanager
def imap_server(*, introspection: str = "", mechanisms: str = "xoauth2 oauthbearer", more: str = "") -> Iterator[Imap]:
    """Dovecot in the foreground, on ports and in a folder of its own. Fails, with words, where there is none.

    introspection: where it asks whose access token it is given, by any of these mechanisms.
    more: lines of its settings.
    """
    program = DOVECOT.ensure()
    folder = Path(tempfile.mkdtemp(prefix="gh-dovecot-")).resolve()
    running = Imap(folder, free_port(), free_port(), a_certificate(folder))
    try:
        path = _configured(running, introspection, mechanisms)
        path.write_text(f"{path.read_text()}\n{more}\n")
        running.command = [program, "-F", "-c", str(path)]
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _by_token(folder: Path, introspection: str, mechanisms: str) -> str:
    if not introspection:
        return ""
    options = folder / "oauth2.conf"
    options.write_text(f"""
introspection_mode = post
introspection_url = {introspection}
username_attribute = username
active_attribute = active
active_value = true
""")
    return f"""
auth_mechanisms = plain login {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = {mechanisms}
  args = {options}
}}
"""


def _configured(running: Imap, introspection: str, mechanisms: str) -> Path:
    # Dovecot lets nobody read mail as root, so that root's tests run it for somebody else.
    person = pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam("nobody")
    folder = running.folder
    folder.chmod(0o755)
    mail = folder / "mail"
    mail.mkdir()
    os.chown(mail, person.pw_uid, person.pw_gid)
    group = grp.getgrgid(person.pw_gid).gr_name
    path = folder / "dovecot.conf"
    path.write_text(f"""
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = gatehouse-{running.port}
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{running.certificate.cert}
ssl_key = <{running.certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
{_by_token(folder, introspection, mechanisms)}
default_internal_user = {person.pw_name}
default_internal_group = {group}
default_login_user = {person.pw_name}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{mail}/%u
mail_max_userip_connections = 200
mailbox_list_index = no
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={person.pw_uid} gid={person.pw_gid} home={mail}/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Archive {{
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {running.port}
  }}
  inet_listener imaps {{
    port = {running.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service auth-worker {{
  user = {person.pw_name}
}}
""")
    return path
