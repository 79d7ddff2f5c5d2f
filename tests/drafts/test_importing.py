"""Mail of the past from files: each once, ours as sent, the bad told and left out."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.accounts.models import Business
from apps.drafts.models import Draft, Mailbox, Message, Thread
from tests.drafts.mail_servers import ADDRESS, a_raw_mail, connected


@pytest.fixture
def mailbox(in_shop: Business) -> Mailbox:
    return connected(in_shop)


def bring_in(*files: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_mail", *map(str, files), business="corner-shop", stdout=out, **options)
    return out.getvalue()


def an_mbox(folder: Path, *raws: bytes) -> Path:
    path = folder / "old.mbox"
    lines = []
    for raw in raws:
        quoted = b"\n".join(b">" + line if line.startswith(b"From ") else line for line in raw.split(b"\n"))
        lines.append(b"From anna@example.com Fri Nov 21 10:00:00 2025\n" + quoted + b"\n")
    path.write_bytes(b"".join(lines))
    return path


def dated(raw: bytes, date: str) -> bytes:
    return b"\r\n".join(f"Date: {date}".encode() if line.startswith(b"Date:") else line for line in raw.split(b"\r\n"))


def test_an_mbox_becomes_threads_with_our_replies_in_them(mailbox: Mailbox, tmp_path: Path) -> None:
    asked = dated(a_raw_mail("From here it looks late.\nFrom me", message_id="1@x"), "Mon, 3 Nov 2025 10:00:00 +0000")
    replied = dated(
        a_raw_mail(
            "It is on its way.", message_id="2@x", answers="1@x", sender=f"Shop <{ADDRESS}>", to="anna@example.com"
        ),
        "Mon, 3 Nov 2025 11:00:00 +0000",
    )
    told = bring_in(an_mbox(tmp_path, asked, replied))
    one, two = Message.objects.order_by("received_at")
    assert (one.direction, two.direction) == ("in", "out")
    assert one.thread == two.thread and Thread.objects.get().customer == "anna@example.com"
    assert one.text == "From here it looks late.\nFrom me"
    assert (one.received_at.month, one.received_at.hour) == (11, 10)
    assert not Draft.objects.exists()
    assert "Brought in" in told and "of which sent by us" in told


def test_a_second_run_only_fills_what_is_missing(mailbox: Mailbox, tmp_path: Path) -> None:
    raws = [a_raw_mail(message_id=f"{number}@x") for number in range(5)]
    bring_in(an_mbox(tmp_path, *raws[:3]))
    told = bring_in(an_mbox(tmp_path, *raws))
    assert Message.objects.count() == 5
    assert [line.split()[-1] for line in told.splitlines() if "Here before" in line] == ["3"]


def test_a_folder_of_eml_files_with_drafts(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(a_raw_mail())
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "B.EML").write_bytes(a_raw_mail())
    (tmp_path / "notes.txt").write_text("no mail")
    bring_in(tmp_path, draft=True)
    assert (Message.objects.count(), Draft.objects.count()) == (2, 2)


def test_bad_mails_are_told_and_left_out(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "good.eml").write_bytes(a_raw_mail())
    (tmp_path / "bad.eml").write_bytes(b"\x00\x01" * 500)
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "huge.eml").write_bytes(a_raw_mail() + b"x" * (26 * 1024 * 1024))
    told = bring_in(tmp_path)
    assert Message.objects.count() == 1
    assert "bad.eml: It is no mail" in told and "huge.eml: It is larger than 25 MB" in told


@pytest.mark.parametrize(
    ("options", "words"),
    [({"business": "nobody"}, "no business nobody"), ({"mailbox": "x@y.z"}, "Name one of its mailboxes")],
)
def test_who_is_unknown_is_told(mailbox: Mailbox, tmp_path: Path, options: dict[str, str], words: str) -> None:
    (tmp_path / "a.eml").write_bytes(a_raw_mail())
    with pytest.raises(CommandError, match=words):
        call_command("import_mail", str(tmp_path / "a.eml"), **({"business": "corner-shop"} | options))


def test_a_file_that_is_not_there_is_told(mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no"):
        bring_in(tmp_path / "none.mbox")
