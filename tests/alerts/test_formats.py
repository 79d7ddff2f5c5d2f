"""What Slack, PagerDuty and mails are given, within the sizes each of them takes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.alerts.formats import (
    Message,
    clean,
    clean_facts,
    clean_link,
    mail_body,
    mail_subject,
    one_line,
    pagerduty_event,
    pagerduty_reason,
    slack_payload,
    slack_reason,
)
from apps.alerts.retrying import LONGEST_ASKED, MOST_ATTEMPTS, RETRY_AFTER, next_try, result_of, seconds_asked
from apps.alerts.severities import Severity, is_wanted

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MESSAGE = Message(
    notice_id=UUID(int=7),
    severity=Severity.CRITICAL,
    title="Rolled back",
    text="It went wrong.",
    facts=(("rate", "41 %"),),
    url="https://gatehouse.example/admin/watch/?a=1&b=2",
    business="Corner Shop",
    source="pilots",
    opened_at=NOW,
)


def texts(payload: Any) -> list[str]:
    """Every text object of a Slack payload."""
    if isinstance(payload, dict):
        own = [payload["text"]] if isinstance(payload.get("text"), str) else []
        return own + [text for value in payload.values() for text in texts(value)]
    return [text for value in payload for text in texts(value)] if isinstance(payload, list) else []


def test_slack_is_given_a_text_and_blocks() -> None:
    payload = slack_payload(MESSAGE)
    assert payload["text"] == "Critical: Rolled back (Corner Shop)"
    assert [block["type"] for block in payload["blocks"]] == ["section", "section", "section", "context"]
    assert payload["blocks"][2]["fields"][0]["text"] == "*rate*\n41 %"
    assert "<https://gatehouse.example/admin/watch/?a=1&amp;b=2|See it in Gatehouse>" in texts(payload)[-1]


def test_no_text_of_ours_mentions_anybody_in_slack() -> None:
    hostile = "<!channel> <@U1> & <https://evil.example|click>"
    payload = slack_payload(
        replace(MESSAGE, title=hostile, text=hostile, facts=((hostile, hostile),), business=hostile, url="")
    )
    whole = "".join(texts(payload))
    assert "<" not in whole and ">" not in whole
    assert "&lt;!channel&gt;" in whole
    assert all(text.get("verbatim") for block in payload["blocks"] for text in block.get("elements", []))


@pytest.mark.parametrize("character", ["x", "&", "é", "\U0001f600"])
def test_what_is_too_long_is_cut_to_what_each_side_takes(character: str) -> None:
    long = replace(
        MESSAGE,
        title=character * 5000,
        text=character * 9000,
        facts=tuple((character * 900, character * 900) for _ in range(20)),
    )
    payload = slack_payload(long)
    assert max(len(text) for text in texts(payload)) <= 3000
    assert all(len(block.get("fields", [])) <= 10 for block in payload["blocks"])
    assert all(len(f["text"]) <= 2000 for block in payload["blocks"] for f in block.get("fields", []))
    assert len(payload["blocks"]) <= 50
    assert not any(text.rstrip("…*").endswith(("&", "&a", "&am", "&amp")) for text in texts(payload))
    event = pagerduty_event(long, routing_key="k", host="h")
    assert len(event["payload"]["summary"]) == 1024
    assert len(json.dumps(event)) < 512 * 1024
    assert len(mail_subject(long)) <= 200


def test_pagerduty_is_given_an_event_it_can_pair_with_its_end() -> None:
    event = pagerduty_event(MESSAGE, routing_key="key", host="gatehouse.example")
    assert event == {
        "routing_key": "key",
        "event_action": "trigger",
        "dedup_key": f"gatehouse-{UUID(int=7)}",
        "payload": {
            "summary": "Rolled back (Corner Shop)",
            "source": "gatehouse.example",
            "severity": "critical",
            "timestamp": "2026-03-01T12:00:00+00:00",
            "component": "pilots",
            "group": "Corner Shop",
            "custom_details": {"rate": "41 %", "text": "It went wrong."},
        },
        "links": [{"href": "https://gatehouse.example/admin/watch/?a=1&b=2", "text": "See it in Gatehouse"}],
    }
    over = pagerduty_event(replace(MESSAGE, over=True), routing_key="key", host="gatehouse.example")
    assert over == {"routing_key": "key", "event_action": "resolve", "dedup_key": event["dedup_key"]}


def test_a_mail_says_it_all_in_plain_text() -> None:
    assert mail_subject(replace(MESSAGE, title="a\r\nBcc: x@y.z")) == "Critical: a Bcc: x@y.z (Corner Shop)"
    body = mail_body(MESSAGE)
    assert "rate: 41 %" in body and "Since 01 Mar 2026 12:00 UTC" in body and MESSAGE.url in body
    over = mail_body(replace(MESSAGE, over=True, resolved_at=NOW + timedelta(hours=1)))
    assert "over at 01 Mar 2026 13:00 UTC" in over and "41 %" not in over


@pytest.mark.parametrize("bad", ["a\0b", "a\x1b[31mb", "a\u202eb", "a\ud800b"])
def test_text_that_no_database_holds_is_replaced(bad: str) -> None:
    assert clean(bad).isprintable()
    clean(bad).encode()
    assert clean_facts([(bad, bad)])[0]["name"].startswith("a")


def test_facts_are_bounded_and_the_nameless_left_out() -> None:
    facts = clean_facts([("", "x"), *((f"n{n}", n) for n in range(30))])
    assert len(facts) == 20 and facts[0] == {"name": "n0", "value": "0"}
    assert one_line(" a \n\n b ", 50) == "a b"
    assert len(one_line("x" * 900, 300)) == 300


@pytest.mark.parametrize(
    "bad", ["https://evil.example/", "//evil.example", "/\\evil.example", "admin", "/a b", "/a\nb", "/" + "x" * 400]
)
def test_a_link_leads_nowhere_else(bad: str) -> None:
    assert clean_link(bad) == ""
    assert clean_link("/admin/watch/?a=1") == "/admin/watch/?a=1"


def test_reasons_hold_no_key_that_an_answer_echoes() -> None:
    key = "R0123456789abcdef0123456789abcde"
    assert slack_reason(b"channel_is_archived") == "channel_is_archived"
    assert slack_reason(b"/services/T0/B0/secret not found") == ""
    said = pagerduty_reason({"message": "Event object is invalid", "errors": [f"no such routing_key {key}", 5]})
    assert said == "Event object is invalid; no such routing_key …"
    assert pagerduty_reason(["x"]) == pagerduty_reason({"errors": "x"}) == ""


@pytest.mark.parametrize(
    ("status", "ok", "permanent"),
    [(200, True, False), (202, True, False), (302, False, True), (400, False, True), (404, False, True),
     (408, False, False), (410, False, True), (429, False, False), (500, False, False), (503, False, False)],
)  # fmt: skip
def test_an_answer_is_success_for_later_or_for_good(status: int, ok: bool, permanent: bool) -> None:
    result = result_of(status)
    assert (result.ok, result.permanent) == (ok, permanent)


def test_waits_grow_and_end() -> None:
    waits = [next_try(n, 0.0) for n in range(1, MOST_ATTEMPTS + 1)]
    assert [wait.total_seconds() for wait in waits[:-1] if wait] == list(RETRY_AFTER) == sorted(RETRY_AFTER)
    assert waits[-1] is None
    assert next_try(1, 1.0) == timedelta(seconds=12.5)
    assert next_try(1, 0.0, 300) == timedelta(seconds=300)
    assert next_try(1, 0.0, 1e12) == timedelta(seconds=LONGEST_ASKED)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), (" 5 ", 5), ("Sun, 01 Mar 2026 12:02:00 GMT", 120), ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
     (None, None), ("", None), ("soon", None), ("-5", None), ("٣", None), ("9" * 400, 999999999)],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_asked(header, now=NOW) == seconds


def test_a_channel_wants_its_severity_and_worse() -> None:
    assert [is_wanted(severity, "error") for severity in Severity] == [False, False, True, True]
