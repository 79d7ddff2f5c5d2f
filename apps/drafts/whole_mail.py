"""A mail that is built already, in the form that Django's mail backends take."""

from email import message_from_bytes
from email.message import Message

from django.core.mail import EmailMessage


class _Whole(Message):
    """Gives the bytes it was made of, whatever else a backend asks."""

    whole = b""

    def as_bytes(self, unixfrom: bool = False, policy: object = None, linesep: str = "\n") -> bytes:
        return self.whole.replace(b"\r\n", linesep.encode())

    def as_string(self, *args: object, **options: object) -> str:
        return self.as_bytes().decode("ascii")


class WholeMail(EmailMessage):
    """mime: the mail as it shall leave. recipients: whom it goes to, whatever its headers say."""

    def __init__(self, mime: bytes, sender: str, recipients: list[str]) -> None:
        parsed = message_from_bytes(mime, _class=_Whole)
        super().__init__(subject=str(parsed["Subject"] or ""), from_email=sender, to=recipients)
        self.parsed, parsed.whole = parsed, mime

    def message(self, *args: object, **options: object) -> Message:  # type: ignore[override]
        return self.parsed
