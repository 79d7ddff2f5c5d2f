"""Mails that are built to break whoever reads them, each with the same honest question in it where there is room."""

import base64
from collections.abc import Callable

ASKS = b"What is the status of my order HP-2041?"
FROM = b"From: Anna Berg <anna@example.com>\r\n"
HEAD = FROM + b"To: help@corner-shop.example.com\r\nSubject: Order HP-2041\r\nDate: Thu, 15 Jan 2026 10:00:00 +0000\r\n"
UTF8 = b"Content-Type: text/plain; charset=utf-8\r\n"


def a_mail(name: str, head: bytes = b"", body: bytes = ASKS, begin: bytes = HEAD) -> bytes:
    return begin + b"Message-ID: <" + name.encode() + b"@x.example>\r\n" + head + b"\r\n" + body


def _nested(depth: int) -> bytes:
    out = b"Content-Type: text/plain\r\n\r\n" + ASKS
    for level in range(depth):
        mark = b"b%d" % level
        out = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n%b\r\n--%b--\r\n' % (mark, mark, out, mark)
    return out


def _flat(parts: int) -> bytes:
    each = b"".join(b"--B\r\nContent-Type: text/plain\r\n\r\npart %d\r\n" % number for number in range(parts))
    return b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + each + b"--B--"


def _whole(name: str, rest: bytes) -> bytes:
    """rest: its last headers and its body."""
    return HEAD + b"Message-ID: <" + name.encode() + b"@x.example>\r\nMIME-Version: 1.0\r\n" + rest


def _type(kind: bytes) -> bytes:
    return b"Content-Type: " + kind + b"\r\n"


# Made when they are needed: some are large.
STRUCTURES: dict[str, Callable[[], bytes]] = {
    "nested_1000": lambda: _whole("nested_1000", _nested(1000)),
    "parts_100000": lambda: _whole("parts_100000", _flat(100_000)),
    "mails_in_mails": lambda: _whole("mails_in_mails", _type(b"message/rfc822") * 1000 + b"\r\nhi"),
    "empty_boundary": lambda: _whole(
        "empty_boundary", _type(b'multipart/mixed; boundary=""') + b"\r\n--\r\n\r\nhi\r\n----"
    ),
    "no_boundary": lambda: _whole("no_boundary", _type(b"multipart/mixed") + b"\r\n" + ASKS),
    "header_of_2_mb": lambda: a_mail("header_of_2_mb", b"X-Big: " + b"a" * 2_000_000 + b"\r\n"),
    "headers_100000": lambda: a_mail("headers_100000", b"".join(b"X-%d: y\r\n" % n for n in range(100_000))),
    "folded_200000": lambda: a_mail("folded_200000", b"X-Fold: a" + b"\r\n b" * 200_000 + b"\r\n"),
    "encoded_words": lambda: a_mail("encoded_words", b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n"),
    "encoded_twice": lambda: a_mail(
        "encoded_twice", b"Subject: =?utf-8?b?" + base64.b64encode(b"=?utf-8?q?x?=" * 10_000) + b"?=\r\n"
    ),
    "copies_50000": lambda: a_mail(
        "copies_50000", b"Cc: " + b", ".join(b"v%d@victim.test" % n for n in range(50_000)) + b"\r\n"
    ),
    "groups": lambda: a_mail("groups", b"Cc: " + b"g:" * 20_000 + b";\r\n"),
    "comments": lambda: a_mail("comments", b"Cc: " + b"(" * 100_000 + b"\r\n"),
    "quotation_marks": lambda: a_mail("quotation_marks", b'Cc: "' + b'\\"' * 50_000 + b"\r\n"),
    "references_100000": lambda: a_mail("references_100000", b"References: " + b"<a@b> " * 100_000 + b"\r\n"),
    "open_references": lambda: a_mail("open_references", b"References: " + b"<" * 100_000 + b"\r\n"),
    "date_of_digits": lambda: a_mail("date_of_digits", begin=HEAD.replace(b"10:00:00", b"1" * 10_000)),
    "headers_twice": lambda: a_mail(
        "headers_twice", b"Subject: two\r\nMessage-ID: <second@x.example>\r\nTo: all@attacker.test\r\n"
    ),
}
CODINGS: dict[str, Callable[[], bytes]] = {
    "unknown_charset": lambda: a_mail("unknown_charset", _type(b"text/plain; charset=x-\xff"), b"\xff\xfe\x80 " + ASKS),
    "utf_7": lambda: a_mail("utf_7", _type(b"text/plain; charset=utf-7"), b"+ADw-script+AD4- " + ASKS),
    "idna": lambda: a_mail("idna", _type(b"text/plain; charset=idna"), b"x" * 100_000),
    "zlib_codec": lambda: a_mail("zlib_codec", _type(b"text/plain; charset=zlib_codec"), b"x\x9c" + ASKS),
    "escapes": lambda: a_mail("escapes", _type(b"text/plain; charset=unicode_escape"), b"\\x00 " + ASKS),
    "half_pairs": lambda: a_mail("half_pairs", _type(b"text/plain; charset=utf-16"), b"\x00\xd8" * 2000),
    "bad_base64": lambda: a_mail("bad_base64", b"Content-Transfer-Encoding: base64\r\n", b"====!!!" * 100),
    "bad_quoted": lambda: a_mail(
        "bad_quoted", b"Content-Transfer-Encoding: quoted-printable\r\n", b"=ZZ=\r\n=0" * 1000
    ),
    "null_bytes": lambda: a_mail("null_bytes", body=b"\x00" * 100_000 + ASKS),
    "html_deep": lambda: a_mail("html_deep", _type(b"text/html"), b"<div>" * 100_000 + ASKS),
    "html_attributes": lambda: a_mail("html_attributes", _type(b"text/html"), b"<a " + b"x=y " * 100_000 + b">" + ASKS),
    "html_signs": lambda: a_mail("html_signs", _type(b"text/html"), b"<" * 500_000),
    "html_comments": lambda: a_mail("html_comments", _type(b"text/html"), b"<!--" * 100_000),
    "html_names": lambda: a_mail("html_names", _type(b"text/html"), b"&lt;" * 300_000),
}
# What patterns trip over, as text.
TEXTS = {
    "letters": "a" * 40_000,
    "digits": "1" * 10_000,
    "digits_apart": "4 " * 15_000,
    "digits_commas": "1," * 15_000,
    "quotes": ">" * 40_000 + " hi",
    "quotes_growing": "\n".join(">" * depth + " x" for depth in range(300)),
    "on_on_wrote": "On " * 15_000 + "wrote:",
    "addresses": "a@" * 20_000,
    "hosts": "a." * 20_000 + "@",
    "spaces": " " * 60_000 + "x",
    "lines": "x" + "\n" * 60_000 + "x",
    "ibans": "DE89 " * 10_000,
    "tags": "<" * 40_000 + "system",
    "addresses_of_pages": "http://" * 8_000,
    "currencies": "EUR " * 12_000,
    "words_of_numbers": "twenty " * 8_000,
    "dates": "12/12/" * 8_000,
    "titles": "Mr " * 15_000,
    "base64_of_orders": base64.b64encode(b"ignore previous instructions " * 5000).decode(),
    "accents": "a" + "\u0301" * 30_000,
    "families": "\U0001f469\u200d" * 15_000,
    "brackets": "((((" * 20_000 + "))))" * 20_000,
    "dashes": "-" * 40_000,
    "backslashes": "\\" * 40_000,
}
FORGED: dict[str, bytes] = {
    "no_sender": b"To: help@corner-shop.example.com\r\nSubject: x\r\n",
    "long_sender": HEAD.replace(b"anna@", b"a" * 300 + b"@"),
    "name_is_an_address": HEAD.replace(b"Anna Berg", b'"help@corner-shop.example.com"'),
    "name_breaks_the_line": HEAD.replace(b"Anna Berg", b"=?utf-8?q?Anna=0D=0ABcc=3A_evil=40attacker=2Etest?="),
    "subject_breaks_the_line": HEAD.replace(b"Order HP-2041", b"=?utf-8?q?Order=0D=0ABcc=3A_evil=40attacker.test?="),
    "receipt": HEAD + b"Disposition-Notification-To: evil@attacker.test\r\nReturn-Receipt-To: evil@attacker.test\r\n",
    "two_ways_to_answer": HEAD + b"Reply-To: anna@example.com, evil@attacker.test\r\n",
    "copies_100": HEAD + b"Cc: " + b", ".join(b"v%d@victim.test" % n for n in range(100)) + b"\r\n",
    "sent_by": HEAD + b"Sender: evil@attacker.test\r\nReturn-Path: <evil@attacker.test>\r\n",
    "copy_breaks_the_line": HEAD + b'Cc: "x\r\n Bcc: evil@attacker.test" <anna@example.com>\r\n',
}
MACHINES: dict[str, bytes] = {
    "replied": HEAD + b"Auto-Submitted: auto-replied\r\n",
    "bulk": HEAD + b"Precedence: bulk\r\n",
    "old_sign": HEAD + b"X-Autoreply: yes\r\n",
    "list": HEAD + b"List-Id: <x.example>\r\n",
    "no_reply": HEAD.replace(b"anna@", b"no-reply@"),
    "daemon": HEAD.replace(b"anna@", b"MAILER-DAEMON@"),
    "ourselves": HEAD.replace(b"anna@example.com", b"help@corner-shop.example.com"),
}
