"""How the queue page words times, people and numbers."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals.models import ApprovalRequest
from apps.approvals.queue import Filters

register = template.Library()

LEVELS = ((0.66, "high"), (0.33, "medium"), (0.0, "low"))


@register.filter
def left(moment: datetime | None) -> str:
    """The time until a moment in two units at most: "2 d 4 h", "3 h 12 min", "45 s"; "overdue" when it has passed."""
    if moment is None:
        return ""
    seconds = int((moment - timezone.now()).total_seconds())
    return "overdue" if seconds <= 0 else _span(seconds)


@register.filter
def ago(moment: datetime | None) -> str:
    if moment is None:
        return ""
    seconds = int((timezone.now() - moment).total_seconds())
    if seconds < 10:
        return "just now"
    return f"{_span(seconds if seconds < 60 else seconds - seconds % 60).removesuffix(' 00 s')} ago"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes >= 10 else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@register.filter
def urgency(moment: datetime | None) -> str:
    """late, soon (under an hour) or calm."""
    if moment is None:
        return "calm"
    rest = moment - timezone.now()
    return "late" if rest <= timedelta() else "soon" if rest < timedelta(hours=1) else "calm"


@register.filter
def who(actor: str) -> str:
    """An actor's name as a person says it: "alice" for user:alice@shop.example, "key 1a2b" for key:1a2b."""
    start, _, rest = str(actor).partition(":")
    if not rest:
        return str(actor).split("@")[0]
    names = {"user": rest.split("@")[0], "key": f"key {rest}", "agent": rest, "system": "Gatehouse"}
    return names.get(start, str(actor))


@register.filter
def name(user: User | None) -> str:
    return "" if user is None else user.first_name or user.username.split("@")[0]


@register.filter
def initials(user: User | None) -> str:
    if user is None:
        return ""
    words = [user.first_name, user.last_name] if user.first_name and user.last_name else [user.username]
    return "".join(word[0] for word in words).upper() if len(words) > 1 else words[0][:2].upper()


@register.filter
def level(risk: float) -> str:
    """high, medium or low."""
    return next((word for bound, word in LEVELS if risk >= bound), "low")


@register.filter
def percent(share: float | None) -> str:
    """A share of 1 as a bare whole number of hundredths."""
    return "" if share is None else f"{round(float(share) * 100)}"


@register.filter
def spoken(word: Any) -> str:
    """An identifier as words: "Tool availability" for tool_availability."""
    text = str(word).replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


@register.filter
def pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


@register.filter
def option_label(text: str) -> str:
    return {"true": "Yes", "false": "No"}.get(text, text)


@register.filter
def event_words(kind: str) -> str:
    """What an entry of the history says after the actor's name."""
    return _EVENT_WORDS.get(kind, str(kind).split(".")[-1].replace("_", " "))


_EVENT_WORDS = {
    "approval.requested": "asked for a decision",
    "approval.edited": "edited it; the gate ran again",
    "approval.reminded": "sent a reminder",
    "approval.escalated": "escalated it",
    "approval.expired": "closed it: the deadline passed without a decision",
    "approval.cancelled": "withdrew it",
    "decision.approve": "approved",
    "decision.reject": "rejected",
    "decision.answer": "answered",
}

_STATE_WORDS = {"awaiting_approval": "Waiting"}


@register.filter
def state_word(state: str) -> str:
    return _STATE_WORDS.get(state) or spoken(state)


@register.filter
def wordlist(words: str) -> list[str]:
    return words.split()


@register.filter
def with_order(filters: Filters, order: str) -> str:
    return replace(filters, order=order).query


@register.filter
def with_after(filters: Filters, after: str) -> str:
    return "&".join(part for part in (filters.query, urlencode({"after": after})) if part)


@register.filter
def row_version(row: ApprovalRequest, now: datetime) -> str:
    """Changes when the row must be drawn anew."""
    held = row.claimed_by_id if row.claimed_until and row.claimed_until > now else ""
    return f"{row.version}.{row.state}.{held}.{row.deadline.timestamp():.0f}.{row.decider_role}"


@register.filter
def rows_for(text: str, widget: str) -> int:
    """The height of a text area, in lines."""
    lines = sum(1 + len(line) // 70 for line in text.split("\n"))
    return max(2 if widget == "long" else 3, min(lines, 14))


@register.filter
def signed(number: float) -> str:
    return f"+{number:.2f}" if number >= 0 else f"−{-number:.2f}"
