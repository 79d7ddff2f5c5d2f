"""EDGE: the forms of the pages of mail. What acts check comes back in their words, beside the field."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.core.errors import Invalid
from apps.drafts.models import DraftSettings, Mailbox
from apps.drafts.sign_ins import SignIn
from apps.drafts.states import Intent

INTENTS = [(one.value, one.value.capitalize()) for one in Intent]


class MailboxForm(forms.ModelForm):  # type: ignore[type-arg]
    """A mailbox. Passwords are written and never shown: an empty one stays as it is, unless it is to be forgotten."""

    aliases = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Other addresses of yours, one a line: never replied to, never taken for a customer",
    )
    imap_password = forms.CharField(required=False, max_length=1000, label="Password")
    smtp_password = forms.CharField(required=False, max_length=1000, label="Password")

    class Meta:
        model = Mailbox
        fields = (
            "address", "name", "signature", "sign_in", "imap_host", "imap_port", "imap_security", "imap_user",
            "imap_folder", "sent_folder", "after_fetch", "smtp_host", "smtp_port", "smtp_security", "smtp_user",
            "removes_duplicates",
        )  # fmt: skip
        labels = {
            "name": "Name beside the address", "sign_in": "Signs in with", "imap_host": "IMAP server",
            "imap_port": "Port", "imap_security": "Security",
            "imap_user": "User", "imap_folder": "Folder", "sent_folder": "File what is sent in",
            "after_fetch": "After fetching", "smtp_host": "SMTP server", "smtp_port": "Port",
            "smtp_security": "Security",
            "smtp_user": "User", "removes_duplicates": "This mail server drops duplicates",
        }  # fmt: skip
        help_texts = {
            "address": "Replies come from it",
            "name": "",
            "signature": "Put below every reply",
            "sign_in": "Google and Microsoft 365 take no passwords from programs: choose them here, save, and sign in "
            "on the next page. Their servers are filled in where you leave them empty",
            "imap_host": "Such as imap.example.com. Empty: mail comes by webhook or import only",
            "imap_port": "993 TLS, 143 STARTTLS",
            "imap_user": "Usually the address",
            "imap_folder": "Usually INBOX",
            "sent_folder": "Such as Sent; empty: nowhere",
            "smtp_host": "Such as smtp.example.com. Empty: the mail server of this installation",
            "smtp_port": "587 STARTTLS, 465 TLS",
            "after_fetch": "",
            "removes_duplicates": "It drops a second mail with the same Message-ID, so a sending that is "
            "unsure is tried"
            " again by itself. Tick this only if you know it",
        }
        widgets = {"signature": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, sealed in (
            ("imap_password", self.instance.imap_password),
            ("smtp_password", self.instance.smtp_password),
        ):
            field = self.fields[name]
            field.widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
            field.help_text = (
                "Kept encrypted. Leave it empty to keep the one that is set" if sealed else "Kept encrypted"
            )
        self.fields["sign_in"].required = False
        if "aliases" not in self.initial or isinstance(self.initial.get("aliases"), list):
            self.initial["aliases"] = "\n".join(self.instance.aliases or [])

    def clean_sign_in(self) -> str:
        return str(self.cleaned_data["sign_in"] or SignIn.PASSWORD)

    def clean_aliases(self) -> list[str]:
        found = [line.strip() for line in self.cleaned_data["aliases"].replace(",", "\n").splitlines() if line.strip()]
        for address in found:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(f"{address[:80]} is not an address") from None
        return list(dict.fromkeys(found))

    def given(self) -> dict[str, Any]:
        """What the acts take: a password only where one was typed."""
        values = dict(self.cleaned_data)
        for name in ("imap_password", "smtp_password"):
            if not values.get(name):
                values.pop(name, None)
        return values


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = DraftSettings
        fields = (
            "enabled",
            "guidance",
            "model",
            "token_budget",
            "keep_prompts",
            "compare",
            "control_share",
            "keep_days",
        )
        labels = {
            "enabled": "Draft a reply to every mail that a person wrote",
            "guidance": "How this business writes",
            "model": "Model",
            "token_budget": "Tokens of a prompt, at most",
            "keep_prompts": "Keep the exact prompt of every version",
            "compare": "Compare drafts with and without past replies",
            "control_share": "Percent of threads drafted without",
            "keep_days": "Days that past replies are looked up for",
        }
        help_texts = {
            "enabled": "Off: mail still comes in and is threaded, and nothing is drafted",
            "guidance": "Tone, rules and names that every draft keeps to",
            "model": "Empty: the provider's own",
            "token_budget": "What does not fit is left out in a fixed order: past replies first, facts never",
            "keep_prompts": "Prompts hold what customers wrote. Without this, only their digest and the list "
            "of their parts"
            " are kept",
            "compare": "Each thread keeps the side it fell on",
            "control_share": "1 to 99",
            "keep_days": "1 to 3650",
        }
        widgets = {"guidance": forms.Textarea(attrs={"rows": 6})}


def show_errors(form: forms.BaseForm, error: Invalid) -> None:
    """Put what an act refused beside the field it concerns, else on top."""
    for one in error.errors:
        field = one["field"].split(".")[0]
        form.add_error(field if field in form.fields else None, one["reason"])
