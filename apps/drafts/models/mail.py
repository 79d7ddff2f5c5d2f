"""Mailboxes, threads and the messages in them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.drafts.sign_ins import NAMES, SignIn
from apps.drafts.states import Arm, Direction, Source

SECURITIES = [("tls", "TLS"), ("starttls", "STARTTLS"), ("none", "None")]
AFTER_FETCH = [("leave", "Leave it as it is"), ("seen", "Mark it as read"), ("delete", "Delete it")]


class Mailbox(models.Model):
    """One address of a business: how its mail comes in, and how replies go out. Secrets are sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="mailboxes", db_index=False)
    address = models.EmailField(max_length=254, help_text="Replies come from it")
    name = models.CharField(max_length=120, blank=True, help_text="The name beside the address")
    aliases = ArrayField(models.EmailField(max_length=254), default=list, blank=True, help_text="Own as well")
    signature = models.TextField(max_length=2000, blank=True, help_text="Put below every reply")
    enabled = models.BooleanField(default=True)

    sign_in = models.CharField(
        max_length=10,
        choices=[(one.value, NAMES[one]) for one in SignIn],
        default=SignIn.PASSWORD.value,
        help_text="At both servers; by OAuth 2 where it is no password",
    )
    imap_host = models.CharField(max_length=253, blank=True, help_text="Empty: mail comes by webhook or import only")
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=10, choices=SECURITIES, default="tls")
    imap_user = models.CharField(max_length=254, blank=True)
    imap_password = models.TextField(blank=True, editable=False, help_text="Sealed")
    imap_folder = models.CharField(max_length=120, default="INBOX")
    sent_folder = models.CharField(max_length=120, blank=True, help_text="Where what was sent is filed; empty: nowhere")
    uid_validity = models.BigIntegerField(null=True, editable=False)
    last_uid = models.BigIntegerField(default=0, editable=False)

    smtp_host = models.CharField(max_length=253, blank=True, help_text="Empty: the installation's mail server")
    smtp_port = models.PositiveIntegerField(default=587)
    smtp_security = models.CharField(max_length=10, choices=SECURITIES, default="starttls")
    smtp_user = models.CharField(max_length=254, blank=True)
    smtp_password = models.TextField(blank=True, editable=False, help_text="Sealed")

    after_fetch = models.CharField(
        max_length=10, choices=AFTER_FETCH, default="leave", help_text="What becomes of a mail in the IMAP folder"
    )
    removes_duplicates = models.BooleanField(
        default=False,
        help_text="The mail server drops a second mail of one Message-ID, so what is unsure is sent again",
    )
    webhook_secret = models.TextField(blank=True, editable=False, help_text="Sealed; of mail that is posted to us")

    looked_at = models.DateTimeField(null=True, editable=False, help_text="Last whole look at the IMAP folder")
    next_look_at = models.DateTimeField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False, help_text="A process is looking")
    watched_until = models.DateTimeField(null=True, editable=False, help_text="A process hears of new mail at once")
    announced = models.BigIntegerField(default=0, editable=False, help_text="How often it heard of some")
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="In a row")
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "mailboxes"
        ordering = ["address"]
        constraints = [models.UniqueConstraint(fields=["business", "address"], name="mailbox_once")]
        indexes = [
            models.Index(fields=["next_look_at"], name="mailbox_due", condition=Q(enabled=True) & ~Q(imap_host="")),
        ]

    def __str__(self) -> str:
        return self.address


class Thread(models.Model):
    """A conversation of one mailbox. Messages find it by References, else it is new."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="threads", db_index=False)
    subject = models.CharField(max_length=300, blank=True)
    customer = models.CharField(max_length=254, blank=True, help_text="Address of whoever wrote first")
    customer_name = models.CharField(max_length=120, blank=True)
    arm = models.CharField(max_length=10, choices=[(a.value, a.value) for a in Arm], blank=True, default="")
    messages_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(help_text="When the newest message came in or went out here")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-last_message_at", "-id"]
        indexes = [
            models.Index(fields=["business", "-last_message_at", "-id"], name="thread_newest"),
            models.Index(fields=["mailbox"], name="thread_mailbox"),
        ]

    def __str__(self) -> str:
        return self.subject or "(no subject)"


class Message(models.Model):
    """One mail, parsed. `text` is what a person reads; `html` is sanitised; the raw mail is not kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages", db_index=False)
    direction = models.CharField(max_length=3, choices=[(d.value, d.value) for d in Direction])
    source = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Source])
    message_id = models.CharField(
        max_length=250, help_text="Without angle brackets; made from the digest if it had none"
    )
    in_reply_to = models.CharField(max_length=250, blank=True)
    references = ArrayField(models.CharField(max_length=250), default=list, blank=True)
    sender = models.CharField(max_length=254, blank=True, help_text="Address in From")
    sender_name = models.CharField(max_length=120, blank=True)
    reply_to = models.JSONField(default=list, help_text="[{name, address}]")
    to = models.JSONField(default=list, help_text="[{name, address}]")
    cc = models.JSONField(default=list, help_text="[{name, address}]")
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True, help_text="The whole body as plain text, cut at 200,000 characters")
    reply_text = models.TextField(blank=True, help_text="Without what it quotes and without its signature")
    html = models.TextField(blank=True, help_text="Sanitised: no script, no style, nothing loaded from elsewhere")
    attachments = models.JSONField(default=list, help_text="[{name, type, size}]; their content is not kept")
    automatic = models.CharField(max_length=20, blank=True, help_text="bounce, auto-reply, list; empty: a person")
    problems = models.JSONField(default=list, help_text="What was odd about it, in words")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the raw mail, hex")
    content_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of reply_text, normalised; hex")
    size = models.PositiveIntegerField(default=0, help_text="Bytes of the raw mail")
    claimed_at = models.DateTimeField(null=True, help_text="Its Date header, which may be forged")
    received_at = models.DateTimeField(help_text="When it came in or went out here; orders the thread")
    bounce_of = models.ForeignKey(
        "drafts.Sending", null=True, on_delete=models.SET_NULL, related_name="bounces", db_index=False
    )
    indexed_at = models.DateTimeField(null=True, help_text="Outbound: when retrieval learned it")

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [models.UniqueConstraint(fields=["mailbox", "message_id"], name="message_once")]
        indexes = [
            models.Index(fields=["thread", "received_at", "id"], name="message_in_thread"),
            models.Index(fields=["business", "received_at"], name="message_sent", condition=Q(direction="out")),
            GinIndex(fields=["references"], name="message_references"),
        ]

    def __str__(self) -> str:
        return self.subject or "(no subject)"
