"""The tables of e-mail drafts."""

from apps.drafts.models.drafts import Draft, DraftVersion, Redaction
from apps.drafts.models.mail import Mailbox, Message, Thread
from apps.drafts.models.sending import Sending
from apps.drafts.models.settings import BackfillRun, DraftSettings, IntentTool, MaintenanceRun
from apps.drafts.models.sign_ins import MailApp, MailGrant

__all__ = [
    "BackfillRun",
    "Draft",
    "DraftSettings",
    "DraftVersion",
    "IntentTool",
    "MailApp",
    "MailGrant",
    "Mailbox",
    "MaintenanceRun",
    "Message",
    "Redaction",
    "Sending",
    "Thread",
]
