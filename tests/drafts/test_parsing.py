"""Whatever a stranger sends is read within bounds, and never raises."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.drafts.mail_headers import MOST_REFERENCES, addresses_of, checked_address, decoded_words
from apps.drafts.parsing import MOST_BYTES, MOST_TEXT, ParsedMail, parse_mail
from apps.drafts.quoting import reply_of
from apps.drafts.sanitising import safe_html, text_of_html

HEAD = b"From: Anna <anna@example.com>\r\nDate: Fri, 21 Nov 2025 10:00:00 +0100\r\nMessage-ID: <1@x>\r\n"


def storable(mail: ParsedMail) -> None:
    """What PostgreSQL takes, and within the columns' lengths."""
    texts = [mail.subject, mail.text, mail.reply_text, mail.html, mail.sender, mail.sender_name, *mail.problems]
    texts += [mail.message_id, mail.in_reply_to, *mail.references]
    texts += [part for one in (*mail.to, *mail.cc, *mail.reply_to) for part in (one.name, one.address)]
    texts += [part for one in mail.attachments for part in (one.name, one.type)]
    for text in texts:
        assert "\x00" not in text
        text.encode()
    assert 1 <= len(mail.message_id) <= 250 and mail.message_id.isascii()
    assert len(mail.subject) <= 300 and len(mail.sender) <= 254 and len(mail.sender_name) <= 120
    assert len(mail.text) <= MOST_TEXT and len(mail.references) <= MOST_REFERENCES + 1
    assert all(len(one) <= 250 for one in mail.references)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=3000))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    storable(parse_mail(raw))


_PIECES = st.sampled_from(
    [
        b"From: ",
        b"To: ",
        b"Subject: ",
        b"Message-ID: ",
        b"References: ",
        b"Date: ",
        b"Content-Type: ",
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"multipart/mixed; boundary=b",
        b'multipart/alternative; boundary="b"',
        b"text/html",
        b"text/plain; charset=",
        b"utf-8",
        b"utf-16",
        b"x-unknown",
        b"idna",
        b"message/rfc822",
        b"message/delivery-status",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"=?utf-8?b?w6k=?=",
        b"=?x?q?=ff?=",
        b"<a@b>",
        b"a@b.c",
        b",",
        b";",
        b"(",
        b")",
        b'"',
        b"\\",
        b"<",
        b">",
        b"\x00",
        b"\xff\xfe",
        b"=",
        b"?=",
        b" ",
        b"\t",
        b"On Mon, Ann wrote:",
        b"> quoted",
        b"-- \n",
        b"<p>",
        b"<img src=http://x>",
        b"<script>",
        b"&#0;",
        b"filename*0*=utf-8''%c3",
        b"Action: failed",
    ]
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_PIECES | st.binary(max_size=8), max_size=60))
def test_any_order_of_the_pieces_of_mails_is_a_mail(pieces: list[bytes]) -> None:
    storable(parse_mail(b"".join(pieces)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=1500))
def test_any_text_has_a_reply_and_any_html_is_made_safe(text: str) -> None:
    reply_of(text)
    text_of_html(text)
    assert "<script" not in safe_html(text).lower()


BOMBS: dict[str, bytes] = {
    "deep": b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(20_000)),
    "the same boundary": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 50_000,
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 500_000,
    "nearly boundaries": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\n--bx" * 2_000_000,
    "divs": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 2_000_000,
    "tables": b"Content-Type: text/html\r\n\r\n" + b"<table><td>" * 250,
    "less-than": b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000,
    "scripts": b"Content-Type: text/html\r\n\r\n" + b"<script>" * 100_000,
    "comments": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
    "headers": b"X: y\r\n" * 500_000,
    "addresses": b"To: " + b"a@b.c, " * 500_000 + b"\r\n\r\n",
    "brackets": b"From: " + b"(" * 500_000 + b"\r\n\r\n",
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\n",
    "half encoded words": b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\r\n\r\n",
    "references": b"References: " + b"".join(b"<%d@x> " % n for n in range(100_000)) + b"\r\n\r\n",
    "punycode": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-" * 500_000,
    "quotes": b"\r\n" + b"On Mon\n" * 25_000,
    "blank lines": b"\r\n" + b"\n" * 5_000_000,
    "carriage returns": b"a\r" * 5_000_000,
    "parameters": b"Content-Type: text/plain; " + b"charset*0=a; " * 500_000 + b"\r\n\r\nhi",
    "wrote": b"\r\n" + b"On " * 60_000 + b"wrote",
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_no_bomb_takes_long(name: str) -> None:
    # Generous: the worst takes a fifth of a second on an idle machine; what is quadratic takes minutes.
    began = time.process_time()
    storable(parse_mail(BOMBS[name]))
    assert time.process_time() - began < 8


def test_of_a_mail_above_the_limit_only_the_headers_are_read() -> None:
    mail = parse_mail(HEAD + b"Subject: Big\r\n\r\n" + b"x" * MOST_BYTES)
    assert (mail.subject, mail.text, mail.sender) == ("Big", "", "anna@example.com")
    assert any("larger than 25 MB" in words for words in mail.problems)
    cut = parse_mail(HEAD + b"\r\nbegins", size=MOST_BYTES + 1)
    assert (cut.size, cut.text) == (MOST_BYTES + 1, "")


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (b"text/plain; charset=iso-8859-1", "Grüße".encode("latin-1"), "Grüße"),
        (b"text/plain; charset=windows-1252", "“Hi” €".encode("cp1252"), "“Hi” €"),
        (b"text/plain; charset=iso-8859-1", "€5".encode("cp1252"), "€5"),
        (b"text/plain; charset=no-such-thing", "Grüße".encode(), "Grüße"),
        (b"text/plain; charset=us-ascii", "Grüße".encode(), "Grüße"),
        (b"text/plain; charset=utf-8", "Grüße".encode("latin-1"), "Grüße"),
        (b"text/plain; charset=utf-16", "Grüße".encode("utf-16"), "Grüße"),
        (b"text/plain; charset=shift_jis", "注文".encode("shift_jis"), "注文"),
        (b"text/plain; charset*=utf-8''gb18030", "订单".encode("gb18030"), "订单"),
        (b'text/plain; charset="utf-8', "Grüße".encode(), "Grüße"),
    ],
)
def test_bad_character_sets_are_survived(head: bytes, body: bytes, text: str) -> None:
    assert parse_mail(HEAD + b"Content-Type: " + head + b"\r\n\r\n" + body).text == text


def test_hidden_characters_are_taken_out_and_told() -> None:
    body = "Pay \u202eeert\u202c \u200b\u2066x\u2069\U000e0041 now\x00"
    mail = parse_mail(HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body.encode())
    assert mail.text == "Pay eert x now"
    assert any("invisible" in words for words in mail.problems)


def test_joiners_that_scripts_need_stay() -> None:
    family, persian = "👩\u200d👧", "می\u200cخواهم"
    mail = parse_mail(HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + f"{family} {persian}".encode())
    assert mail.text == f"{family} {persian}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?J=C3=BCrgen?=", "Jürgen"),
        ("=?utf-8?b?SsO8cmdlbg==?= M", "Jürgen M"),
        ("=?utf-8?q?a=C3?= =?utf-8?q?=BCb?=", "aüb"),
        ("=?utf-8?b?SsO8cmdlbg?=", "Jürgen"),
        ("=?x-none?q?caf=E9?=", "café"),
        ("plain =? text", "plain =? text"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decoded_words(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Anna <anna@Example.COM>", [("Anna", "anna@example.com")]),
        ('"Berg, Anna" <a@b.c>, d@e.f', [("Berg, Anna", "a@b.c"), ("", "d@e.f")]),
        ("a@b.c (Anna), Team: x@y.z, w@y.z;", [("", "a@b.c"), ("", "x@y.z"), ("", "w@y.z")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?a=40b=2Ec=2C_=3Ceve=40x=3E?= <a@b.c>", [("a@b.c, <eve@x>", "a@b.c")]),
        ("alice@example.org)bob@example.com", []),
        ("a@müller.example", [("", "a@xn--mller-kva.example")]),
        ("ä@b.c", []),
        ("<a@b.c>, A@B.C", [("", "a@b.c")]),
        ('"a b"@c.d', []),
    ],
)
def test_addresses(value: str, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in addresses_of([value])[0]] == found


@pytest.mark.parametrize(
    "text", ["a@b\r\nBcc: c@d", "a b@c.d", "@b.c", "a@", "a@b..c", "a@-b.c", "a..b@c.d", "a@b.c>", "x" * 65 + "@b.c"]
)
def test_what_is_no_address(text: str) -> None:
    assert checked_address(text) is None


def test_who_shows_another_address_in_the_name_is_told() -> None:
    mail = parse_mail(b'From: "ceo@bank.example" <eve@example.net>\r\n\r\nHi')
    assert (mail.sender, mail.sender_name) == ("eve@example.net", "ceo@bank.example")
    assert any("another address" in words for words in mail.problems)


def test_ids_that_cannot_be_kept_are_made_anew_the_same_each_time() -> None:
    long = parse_mail(b"Message-ID: <" + b"x" * 10_000 + b"@y>\r\n\r\n")
    again = parse_mail(b"References: <" + b"x" * 1900 + b"@y>\r\nMessage-ID: <" + b"x" * 1900 + b"@y>\r\n\r\n")
    assert long.message_id.endswith("@gatehouse.invalid")
    assert again.references == (again.message_id,)
    odd = parse_mail(b"Message-ID: <a\x01b@c>\r\nSubject: x\r\n\r\n")
    assert odd.message_id.startswith("odd.")


def test_several_ids_and_none() -> None:
    assert parse_mail(b"Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n\r\n").message_id == "a@b"
    one, two = parse_mail(b"Subject: x\r\n\r\none"), parse_mail(b"Subject: x\r\n\r\ntwo")
    assert one.message_id != two.message_id and one.message_id.startswith("none.")


def test_ten_thousand_references_keep_the_first_and_the_last() -> None:
    mail = parse_mail(b"References: " + b"\r\n ".join(b"<%d@x>" % n for n in range(4000)) + b"\r\n\r\n")
    assert len(mail.references) == MOST_REFERENCES and mail.references[0] == "0@x" and mail.references[-1] == "3999@x"


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        (b"Fri, 21 Nov 2025 10:00:00 +0100", datetime(2025, 11, 21, 9, tzinfo=UTC)),
        (b"21 Nov 2025 10:00", datetime(2025, 11, 21, 10, tzinfo=UTC)),
        (b"yesterday", None),
        (b"Fri, 31 Feb 2025 10:00:00 +0100", None),
        (b"Fri, 21 Nov 99999 10:00:00 +9999", None),
    ],
)
def test_dates(date: bytes, moment: datetime | None) -> None:
    assert parse_mail(b"Date: " + date + b"\r\n\r\n").claimed_at == moment


def test_nested_parts_are_put_in_order_and_attachments_only_listed() -> None:
    mail = parse_mail(
        HEAD + b"Content-Type: multipart/mixed; boundary=o\r\n\r\npreamble\r\n--o\r\n"
        b"Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
        b"--i\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--i--\r\n--o\r\n"
        b"Content-Type: application/pdf; name*=utf-8''B%C3%A4r.pdf\r\nContent-Disposition: attachment\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nQUJDREVG\r\n--o\r\n"
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n--o\r\n"
        b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx\r\n--o\r\n"
        b'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="=?utf-8?q?a=2Etxt?="\r\n\r\n'
        b"secret\r\n--o--\r\n"
    )
    assert (mail.text, mail.html) == ("Hello", "<p>Hello</p>")
    listed = [(one.name, one.type, one.size) for one in mail.attachments]
    assert listed == [
        ("Bär.pdf", "application/pdf", 6),
        ("", "text/calendar", 15),
        ("winmail.dat", "application/ms-tnef", 1),
        ("a.txt", "text/plain", 6),
    ]
    assert any("winmail.dat" in words for words in mail.problems)


def test_a_flowed_text_is_put_together() -> None:
    mail = parse_mail(
        HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\nOne line \r\nthat goes on.\r\n-- \r\nAnna\r\n"
    )
    assert mail.text == "One line that goes on.\n-- \nAnna"


def test_headers_beyond_all_measure_leave_the_text() -> None:
    raw = b"From: a@example.com\nSubject: Hello\nX-Long: " + b"x" * 2_000_000 + b"\n\nWhere is my order?\n"
    mail = parse_mail(raw)
    assert (mail.sender, mail.subject, mail.text) == ("a@example.com", "Hello", "Where is my order?")
    assert any("headers are too long" in one for one in mail.problems)


def test_parts_that_lie_too_deep_are_no_text() -> None:
    body = b"Deep down\n"
    for number in range(1000):
        inner = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (number, number)
        body = (
            (inner if number else b"") + (body if number else b"--b0\n\nDeep down\n--b0--\n") + b"\n--b%d--\n" % number
        )
    mail = parse_mail(b"From: a@example.com\n" + body)
    assert "--b" not in mail.text
    assert any("too deep" in one for one in mail.problems)
