"""RULE: a notice as Slack, PagerDuty and a mail are to be given it, within the sizes each of them takes.

Slack: https://docs.slack.dev/messaging/formatting-message-text (what to escape) and .../block-kit/blocks/section-block.
PagerDuty: https://developer.pagerduty.com/docs/events-api-v2 (Events API v2, alert events).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.alerts.severities import Severity

# Ours: what a notice holds at most.
MOST_TITLE, MOST_TEXT, MOST_FACTS, MOST_NAME, MOST_VALUE, MOST_LINK = 300, 8000, 20, 100, 500, 400
# Theirs.
SLACK_TEXT, SLACK_FIELDS = 3000, 10
PAGERDUTY_SUMMARY, PAGERDUTY_TEXT = 1024, 2000
MOST_SUBJECT = 200
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LONG_RUN = re.compile(r"[0-9A-Za-z_+=/-]{16,}")
# What Slack answers in place of "ok"; anything else is not repeated, it might echo the address.
_SLACK_REASONS = frozenset(
    {
        "action_prohibited", "channel_is_archived", "channel_not_found", "invalid_blocks", "invalid_payload",
        "invalid_token", "msg_too_long", "no_active_hooks", "no_service", "no_service_id", "no_team", "no_text",
        "posting_to_general_channel_denied", "rate_limited", "rollup_error", "team_disabled", "too_many_attachments",
        "user_not_found",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """A notice, as it is told. business: its name, "" for the whole installation. url: absolute, or "".

    over: tells that it has ended, not that it began.
    """

    notice_id: UUID
    severity: Severity
    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    url: str
    business: str
    source: str
    opened_at: datetime
    resolved_at: datetime | None = None
    over: bool = False


def one_line(text: str, most: int) -> str:
    """Without line breaks, control characters and what no database or mail can hold; cut to `most` characters."""
    return cut(" ".join(clean(text).split()), most)


def clean(text: str) -> str:
    """Broken surrogates and control characters (but line breaks and tabs) replaced; also those that turn the text."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in whole)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def clean_facts(facts: Iterable[tuple[str, object]]) -> list[dict[str, str]]:
    """As a notice keeps them: {"name", "value"}, both one line."""
    rows = [{"name": one_line(name, MOST_NAME), "value": one_line(str(value), MOST_VALUE)} for name, value in facts]
    return [row for row in rows if row["name"]][:MOST_FACTS]


def clean_link(path: str) -> str:
    """A path of this installation such as /admin/watch/; "" for anything else, so that no mail leads elsewhere."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and len(path) <= MOST_LINK
    return path if ours and path.isprintable() and " " not in path else ""


def headline(message: Message) -> str:
    whose = f" ({message.business})" if message.business else ""
    return f"{'Over' if message.over else message.severity.title()}: {message.title}{whose}"


def slack_payload(message: Message) -> dict[str, Any]:
    """The body for an incoming webhook: `text` for notifications and old clients, `blocks` for the rest.

    No text of ours can mention anybody: &, < and > are escaped, and `verbatim` keeps Slack from linking names.
    """
    parts = [f"*{_slack(headline(message), SLACK_TEXT - 2)}*"]
    if not message.over and message.text:
        parts.append(_slack(message.text, SLACK_TEXT))
    blocks: list[dict[str, Any]] = [_section(part) for part in parts]
    if message.facts and not message.over:
        fields = [_mrkdwn(f"*{_slack(name, 300)}*\n{_slack(value, 1500)}") for name, value in message.facts]
        blocks += [
            {"type": "section", "fields": fields[n : n + SLACK_FIELDS]} for n in range(0, len(fields), SLACK_FIELDS)
        ]
    foot = f"{_times(message)} · {_slack(message.source, 100)}"
    link = f"<{_slack_url(message.url)}|See it in Gatehouse> · " if message.url else ""
    blocks.append({"type": "context", "elements": [_mrkdwn(link + foot)]})
    return {"text": _slack(headline(message), SLACK_TEXT), "blocks": blocks}


def pagerduty_event(message: Message, *, routing_key: str, host: str) -> dict[str, Any]:
    """The body of POST /v2/enqueue. The same notice has the same dedup_key at every attempt, and when it is over."""
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "resolve" if message.over else "trigger",
        "dedup_key": f"gatehouse-{message.notice_id}",
    }
    if message.over:
        return event
    whose = f" ({message.business})" if message.business else ""
    details = dict(message.facts)
    if message.text:
        details["text"] = cut(message.text, PAGERDUTY_TEXT)
    event["payload"] = {
        "summary": cut(message.title + whose, PAGERDUTY_SUMMARY),
        "source": host,
        "severity": message.severity.value,
        "timestamp": message.opened_at.isoformat(),
        "component": message.source,
        "group": message.business or "installation",
        "custom_details": details,
    }
    if message.url:
        event["links"] = [{"href": message.url, "text": "See it in Gatehouse"}]
    return event


def mail_subject(message: Message) -> str:
    return one_line(headline(message), MOST_SUBJECT)


def mail_body(message: Message) -> str:
    lines = [message.title, ""]
    if message.text and not message.over:
        lines += [message.text, ""]
    lines += [f"{name}: {value}" for name, value in message.facts if not message.over]
    lines += [_times(message)]
    if message.url:
        lines += ["", f"See it in Gatehouse: {message.url}"]
    return "\n".join(lines)


def slack_reason(body: bytes) -> str:
    """What Slack says went wrong, in its own word; "" for anything else."""
    word = body[:60].decode("ascii", "replace").strip()
    return word if word in _SLACK_REASONS else ""


def pagerduty_reason(answer: Any) -> str:
    """`message` and `errors` of PagerDuty's JSON answer; anything as long as a key is taken out of it."""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    said = [answer.get("message"), *(errors if isinstance(errors, list) else [])]
    words = "; ".join(one_line(text, 120) for text in said[:4] if isinstance(text, str))
    return _LONG_RUN.sub("…", words)


def _times(message: Message) -> str:
    since = f"Since {message.opened_at:%d %b %Y %H:%M} UTC"
    if message.over and message.resolved_at:
        return f"{since}, over at {message.resolved_at:%d %b %Y %H:%M} UTC"
    return since


def _slack(text: str, most: int) -> str:
    """Escaped, and cut so that no escape is torn."""
    pieces: list[str] = []
    length = 0
    for piece in (_ESCAPED.get(character, character) for character in text):
        length += len(piece)
        if length > most - 1:
            return "".join(pieces) + "…"
        pieces.append(piece)
    return "".join(pieces)


def _slack_url(url: str) -> str:
    return "".join(_ESCAPED.get(c, c) for c in url).replace("|", "%7C")


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}
