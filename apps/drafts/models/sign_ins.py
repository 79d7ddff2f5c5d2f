"""Applications of a business at providers of OAuth 2, and the accesses that people have given to mailboxes by them."""

from django.db import models

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.drafts.models.mail import Mailbox
from apps.drafts.sign_ins import NAMES, PROVIDERS


class MailApp(models.Model):
    """An application that a business has registered with a provider; it comes before the installation's."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    provider = models.CharField(max_length=10, choices=[(one.value, NAMES[one]) for one in PROVIDERS])
    client_id = models.CharField(max_length=300)
    client_secret = models.TextField(blank=True, editable=False, help_text="Sealed")
    authorize_url = models.CharField(max_length=500)
    token_url = models.CharField(max_length=500)
    scopes = models.CharField(max_length=1000, help_text="With spaces between")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["provider"]
        constraints = [models.UniqueConstraint(fields=["business", "provider"], name="mail_app_once")]

    def __str__(self) -> str:
        return self.get_provider_display()


class MailGrant(models.Model):
    """The access to one mailbox that a person gave at its provider. Tokens are sealed; none is left once it is lost."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="grant")
    client_id = models.CharField(max_length=300, help_text="Of the application it was given to")
    refresh_token = models.TextField(blank=True, editable=False, help_text="Sealed")
    access_token = models.TextField(blank=True, editable=False, help_text="Sealed")
    renew_after = models.DateTimeField(help_text="From then on the access token is renewed")
    expires_at = models.DateTimeField(help_text="Of the access token")
    given_by = models.CharField(max_length=120)
    given_at = models.DateTimeField()
    renewed_at = models.DateTimeField()
    lost_at = models.DateTimeField(null=True, help_text="The provider takes it no longer")
    lost_words = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"Access to {self.mailbox_id}"
