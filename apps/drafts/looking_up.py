"""SELECTOR: everything that making a draft reads, in three statements that are put together once a process."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.accounts.models import Business
from apps.agents.models import Tool
from apps.core.joining import Joined, run
from apps.drafts.models import Draft, DraftSettings, IntentTool, Mailbox, Message, Thread
from apps.drafts.selectors import MOST_EARLIER
from apps.drafts.states import Direction, Intent
from apps.pilots.models import BusinessSettings

_DRAFT = Joined(
    "FROM drafts_draft draft"
    " JOIN drafts_message message ON message.id = draft.message_id"
    " JOIN drafts_thread thread ON thread.id = draft.thread_id"
    " JOIN drafts_mailbox mailbox ON mailbox.id = thread.mailbox_id"
    " JOIN accounts_business business ON business.id = draft.business_id"
    " LEFT JOIN drafts_draftsettings chosen ON chosen.business_id = draft.business_id"
    " LEFT JOIN pilots_businesssettings powers ON powers.business_id = draft.business_id"
    " WHERE draft.id = %s",
    {
        "draft": Draft, "message": Message, "thread": Thread, "mailbox": Mailbox, "business": Business,
        "chosen": DraftSettings, "powers": BusinessSettings,
    },
    without={"message": ("html",)},
)  # fmt: skip
_EARLIER = Joined(
    "FROM drafts_message message WHERE thread_id = %s AND received_at <= %s AND id <> %s"
    f" ORDER BY received_at DESC, id DESC LIMIT {MOST_EARLIER}",
    {"message": Message},
    without={"message": ("html",)},
)
# With the values of `newer_than`.
NEWER = (
    "SELECT 1 FROM drafts_message WHERE thread_id = %s AND direction = %s AND automatic = ''"
    " AND (received_at, id) > (%s, %s) LIMIT 1"
)
_TOOLS = Joined(
    "FROM drafts_intenttool mapped JOIN agents_tool tool ON tool.id = mapped.tool_id"
    " WHERE mapped.business_id = %s AND mapped.intent = %s ORDER BY mapped.id",
    {"mapped": IntentTool, "tool": Tool},
)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """draft: with its message, thread, mailbox and business. chosen, powers: the defaults, unsaved, where none are."""

    draft: Draft
    chosen: DraftSettings
    powers: BusinessSettings


def look_up(draft_id: UUID) -> LookedUp:
    """Raises Draft.DoesNotExist. Call in a transaction of the draft's business."""
    rows = _DRAFT.rows(draft_id)
    if not rows:
        raise Draft.DoesNotExist
    draft, message, thread, mailbox, business, chosen, powers = rows[0]
    draft.message, draft.thread, draft.business, thread.mailbox = message, thread, business, mailbox
    return LookedUp(
        draft,
        chosen or DraftSettings(business_id=draft.business_id),
        powers or BusinessSettings(business_id=draft.business_id),
    )


def earlier_than(message: Message) -> tuple[Message, ...]:
    """The newest MOST_EARLIER messages before this one in its thread, oldest first, without their HTML."""
    rows = _EARLIER.rows(message.thread_id, message.received_at, message.pk)
    return tuple(row[0] for row in reversed(rows))


def has_newer(message: Message) -> bool:
    """Whether a person has written in its thread since."""
    return bool(run(NEWER, newer_than(message)))


def newer_than(message: Message) -> list[Any]:
    """The values of NEWER."""
    return [message.thread_id, Direction.IN.value, message.received_at, message.pk]


def tools_for(business_id: UUID, intent: Intent | str) -> list[IntentTool]:
    """Which tools bring the facts for this intent."""
    found = []
    for mapped, tool in _TOOLS.rows(business_id, str(intent)):
        mapped.tool = tool
        found.append(mapped)
    return found
