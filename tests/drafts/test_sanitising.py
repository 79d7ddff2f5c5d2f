"""HTML of a stranger runs nothing and loads nothing; and what of a text is its writer's own."""

import pytest

from apps.drafts.parsing import ParsedMail, parse_mail
from apps.drafts.quoting import reply_of

HEAD = b"From: Anna <anna@example.com>\r\nDate: Fri, 21 Nov 2025 10:00:00 +0100\r\nMessage-ID: <1@x>\r\n"


def html_mail(html: str) -> ParsedMail:
    return parse_mail(HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode())


def test_html_alone_becomes_text() -> None:
    mail = html_mail(
        "<html><head><title>T</title><style>p{}</style></head><body><p>Dear shop,</p><ul><li>one</li></ul></body>"
    )
    assert "Dear shop," in mail.text and "one" in mail.text and "p{}" not in mail.text and "T\n" not in mail.text


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://evil.example/p.png">',
        '<img srcset="http://evil.example/p.png 2x">',
        '<img src="cid:x">',
        '<div style="background:url(http://evil.example/)">x</div>',
        '<table background="http://evil.example/"><td>x</td></table>',
        '<link rel="stylesheet" href="http://evil.example/">',
        "<style>@import 'http://evil.example/';</style>",
        '<iframe src="http://evil.example/"></iframe>',
        '<object data="http://evil.example/"></object>',
        '<embed src="http://evil.example/">',
        '<video poster="http://evil.example/"></video>',
        '<audio src="http://evil.example/"></audio>',
        '<input type="image" src="http://evil.example/">',
        '<svg><image href="http://evil.example/"/></svg>',
        '<math href="http://evil.example/">x</math>',
        '<base href="http://evil.example/">',
        '<meta http-equiv="refresh" content="0;url=http://evil.example/">',
        '<form action="http://evil.example/"><button>x</button></form>',
        '<body background="http://evil.example/">x</body>',
        '<p onclick="x()">x</p>',
        '<a href="javascript:x()">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a ping="http://evil.example/">x</a>',
        "<noscript><img src=http://evil.example/></noscript>",
        "<!--[if mso]><img src=http://evil.example/><![endif]-->",
        "<template><img src=http://evil.example/></template>",
        "<svg><style><img src=http://evil.example/></style></svg>",
        '<bgsound src="http://evil.example/">',
        '<ul style="list-style-image:url(http://evil.example/)"><li>x</ul>',
        "<script>fetch('http://evil.example/')</script>",
    ],
)
def test_nothing_in_a_mail_runs_or_is_loaded_from_elsewhere(html: str) -> None:
    kept = html_mail(f"<p>before</p>{html}<p>after</p>").html
    assert "evil.example" not in kept and "javascript:" not in kept and "data:" not in kept
    for part in (
        "<img",
        "<svg",
        "style",
        "src=",
        "onclick",
        "<script",
        "<iframe",
        "<link",
        "<form",
        "background",
        "ping",
    ):
        assert part not in kept


def test_a_link_shows_where_it_leads() -> None:
    kept = html_mail('<a href="http://evil.example/login?a=1&b=2">https://bank.example</a>').html
    assert 'href="http://evil.example/login?a=1&amp;b=2"' in kept
    assert "https://bank.example</a> [http://evil.example/login?a=1&amp;b=2]" in kept
    assert 'rel="noopener noreferrer nofollow"' in kept
    same = html_mail('<a href="https://shop.example/">https://shop.example</a>').html
    assert "[" not in same


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes please.\n\nOn Mon, 3 Nov 2025 at 10:00, Shop <s@x.com> wrote:\n> Do you?\n> \n", "Yes please."),
        ("Ja, gerne.\n\nAm 03.11.2025 um 10:00 schrieb Shop <s@x.com>:\n> Hm?", "Ja, gerne."),
        ("Oui.\n\nLe lun. 3 nov. 2025 à 10:00, Shop <s@x.com> a\nécrit :\n> Q?", "Oui."),
        ("Top.\n\n-----Original Message-----\nFrom: Shop\nSent: Monday\nTo: Anna\nSubject: x\n\nOld", "Top."),
        ("Top.\n\nFrom: Shop\nSent: Monday\nTo: Anna\nSubject: x\n\nOld", "Top."),
        ("Hello,\nmy order is late.\n-- \nAnna Berg\nTel. 12", "Hello,\nmy order is late."),
        ("My list:\n- one\n- two\nThanks for all,\nand bye", "My list:\n- one\n- two\nThanks for all,\nand bye"),
        ("> Which size?\nLarge.\n> Which colour?\nBlue.", "Large.\nBlue."),
        ("> only a quote", "> only a quote"),
        ("", ""),
    ],
)
def test_the_writers_own_words(text: str, own: str) -> None:
    assert reply_of(text) == own
