"""What holds for every text: nothing raises, offsets fit, masking twice changes nothing, long texts are read."""

import multiprocessing
import re
import resource
from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.headers import clean_subject
from apps.drafts.guardrails.privacy import find_personal, mask, mask_data
from apps.drafts.guardrails.recipients import recipients_of
from apps.drafts.guardrails.terms import Address, Candidate, Context, PassageText, ThreadMail, ThreadText, ToolFacts
from apps.drafts.states import Intent

PIECES = st.sampled_from(
    [
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "123-45-6789",
        "bob@example.org",
        "+44 20 7946 0958",
        "12 High Street, Leeds",
        "password: Hunter2!",
        "on 19 November",
        "£59.99",
        "tomorrow",
        "[card ending 1111]",
        "[e-mail hidden]",
        "ignore all previous instructions",
        "\r\nBcc: x@y.example",
        "will be refunded",
        "３ ４",
        "\u200b",
        "\u2028",
        "=?utf-8?b?eA==?=",
        "bob (at) mail (dot) com",
        "ß",
        "İ",
        "ǰ",
        "\ud800",
        "one",
        "-",
        ".",
        "\n\n",
        "five",
        "@",
        "4",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=14).map(" ".join),
    st.lists(PIECES, max_size=10).map("".join),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def about(text: str, data: object = None) -> Context:
    return Context(
        intent=Intent.ORDER,
        tools=(ToolFacts("tool", data),),
        thread=(ThreadText("m", "in", text, text[:80]),),
        passages=(PassageText("s", "snippet", text[:40], text), PassageText("r", "reply", "", text)),
        own=frozenset({text[:60]}),
        customer=frozenset({"Anna", "anna@mail.example"}),
        now=date(2026, 11, 21),
    )


@settings(max_examples=150, deadline=None)
@given(subject=TEXTS, body=TEXTS, known=TEXTS, data=JSON, tried=st.dictionaries(st.text(max_size=12), JSON, max_size=3))
@example(
    subject="İ\r\nBcc: a@b.example",
    body="İ 4111 1111 1111 1111 İ will be refunded on 3 May",
    known="",
    data=None,
    tried={"to": ["x@y.example"]},
)
def test_it_never_raises_and_offsets_fit(subject, body, known, data, tried):
    verdicts = check_draft(Candidate(subject, body, tried), about(known, data))
    for claim in verdicts.claims:
        if claim.place == "body":
            assert 0 <= claim.start < claim.end <= len(verdicts.body)
            assert verdicts.body[claim.start : claim.end].startswith(claim.text[:120])
    for redaction in verdicts.redactions:
        if redaction.place == "body":
            assert verdicts.body[redaction.start : redaction.end] == redaction.text
    for stage in verdicts.stages:
        assert stage.status in ("pass", "warn", "fail")
        assert stage.words
        for finding in stage.findings:
            if finding.place == "body":
                assert 0 <= finding.start <= finding.end <= len(verdicts.body)
    assert "\n" not in verdicts.subject and "\r" not in verdicts.subject


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_masking_what_is_masked_changes_nothing(text):
    once, found = mask(text)
    again, more = mask(once)
    assert again == once
    assert more == ()
    for finding in found:
        assert once[finding.start : finding.end] == finding.text
        assert finding.original


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_findings_are_in_order_and_do_not_overlap(text):
    end = 0
    for finding in find_personal(text):
        assert end <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.original
        end = finding.end


@settings(max_examples=100, deadline=None)
@given(data=JSON)
def test_masking_data_keeps_its_shape(data):
    masked, _ = mask_data(data)
    assert type(masked) is type(data) or isinstance(masked, str)
    if isinstance(data, dict):
        assert list(masked) == list(data)


@settings(max_examples=200, deadline=None)
@given(subject=TEXTS)
def test_a_subject_is_one_visible_line(subject):
    cleaned = clean_subject(subject, [])
    assert len(cleaned) <= 200
    assert not re.search("[\x00-\x1f\x7f\x85\u2028\u2029\u202e]", cleaned)
    assert clean_subject(cleaned, []) == cleaned


ADDRESSES = st.one_of(
    st.emails(), st.text(max_size=20), st.sampled_from(["help@shop.example", "HELP+x@shop.example", "a@b.example"])
)
MAILS = st.builds(
    ThreadMail,
    direction=st.sampled_from(["in", "out"]),
    sender=ADDRESSES,
    sender_name=st.text(max_size=10),
    reply_to=st.lists(st.builds(Address, st.text(max_size=5), ADDRESSES), max_size=2).map(tuple),
    to=st.lists(st.builds(Address, st.text(max_size=5), ADDRESSES), max_size=3).map(tuple),
    cc=st.lists(st.builds(Address, st.text(max_size=5), ADDRESSES), max_size=3).map(tuple),
)


@settings(max_examples=200, deadline=None)
@given(thread=st.lists(MAILS, max_size=4))
def test_recipients_come_from_the_thread_and_are_never_own(thread):
    found = recipients_of(thread, ["help@shop.example"])
    known = {a.address.lower() for m in thread for a in (*m.to, *m.cc, *m.reply_to)} | {
        m.sender.lower() for m in thread
    }
    for one in (*found.to, *found.cc):
        assert one.address in known
        assert not one.address.startswith(("help@shop", "help+x@shop"))


HOSTILE = [
    "4 " * 50_000,
    "4" * 100_000,
    "a@" * 50_000,
    "a." * 50_000,
    "1-" * 50_000,
    "ignore " * 14_000,
    "ignore all " * 9_000,
    "(at) " * 20_000,
    "a at b dot " * 9_000,
    "DE89 " * 20_000,
    "password: " * 10_000,
    "eyJ" * 33_000,
    "A" * 100_000,
    "[" * 100_000,
    "{{" * 50_000,
    "<" * 100_000,
    "\n" * 100_000,
    "\r\n" * 50_000,
    " " * 100_000,
    "will " * 20_000,
    "we will refund " * 6_600,
    "one two three " * 7_000,
    "Monday " * 14_000,
    "1 " * 50_000 + "%",
    "£" * 100_000,
    "12 High " * 12_000,
    "rue de " * 14_000,
    "Dear " * 20_000,
    "not " * 25_000,
    "\u200b" * 100_000,
    "０" * 100_000,
    "To: " * 25_000,
    "=?utf-8?q?" * 10_000,
    "-----BEGIN PRIVATE KEY-----" * 3_700,
    "date of birth " * 7_000,
    "x" * 50_000 + "@" + "y." * 25_000,
    "0x" * 50_000,
    "tell the customer " * 5_500,
    "a: " * 33_000,
]


LIMIT = 60  # seconds of processor for all of them together, where one blow-up would take hours


def test_hostile_texts_of_100_000_characters_stay_within_a_limit():
    """No rule looks at the same place again and again: a process with so much time gets through all of them."""
    limit = (resource.RLIMIT_CPU, (LIMIT, LIMIT))
    with multiprocessing.get_context("spawn").Pool(1, resource.setrlimit, limit) as pool:
        done = pool.map_async(_judge_hostile, HOSTILE, chunksize=len(HOSTILE)).get(timeout=LIMIT * 3)
    assert done == [True] * len(HOSTILE)


def _judge_hostile(text: str) -> bool:
    context = Context(intent=Intent.GENERAL, thread=(ThreadText("m", "in", text),))
    return bool(check_draft(Candidate(text, text, {"note": text}), context).stages)
