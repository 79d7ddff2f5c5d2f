"""The tables of e-mail drafts."""

from apps.drafts.models.drafts import Draft, DraftVersion, Redaction
from apps.drafts.models.mail import Mailbox, Message, Thread
from apps.drafts.models.sending import Sending
from apps.drafts.models.settings import BackfillRun, DraftSettings, IntentTool, MaintenanceRun

__all__ = [
    "BackfillRun",
    "Draft",
    "DraftSettings",
    "DraftVersion",
    "IntentTool",
    "Mailbox",
    "MaintenanceRun",
    "Message",
    "Redaction",
    "Sending",
    "Thread",
]
