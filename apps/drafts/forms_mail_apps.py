"""EDGE: the form of an application by which mailboxes sign in at their provider."""

from typing import Any

from django import forms

from apps.drafts.models import MailApp
from apps.drafts.sign_ins import PRESETS, SignIn


class MailAppForm(forms.ModelForm):  # type: ignore[type-arg]
    """Its secret is written and never shown: an empty one stays as it is."""

    client_secret = forms.CharField(required=False, max_length=2000, label="Client secret")

    class Meta:
        model = MailApp
        fields = ("client_id", "authorize_url", "token_url", "scopes")
        labels = {
            "client_id": "Client ID",
            "authorize_url": "Address to sign in at",
            "token_url": "Address for tokens",
            "scopes": "Scopes",
        }
        widgets = {"scopes": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, provider: SignIn, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        secret = self.fields["client_secret"]
        secret.widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
        kept = bool(self.instance.client_secret)
        secret.help_text = "Kept encrypted. Leave it empty to keep the one that is set" if kept else "Kept encrypted"
        preset = PRESETS[provider]
        usual = {
            "authorize_url": preset.authorize_url.replace("{tenant}", "common"),
            "token_url": preset.token_url.replace("{tenant}", "common"),
            "scopes": " ".join(preset.scopes),
        }
        for name, value in usual.items():
            self.fields[name].required = not value
            self.fields[name].help_text = f"Empty: {value}" if value else ""
        if provider == SignIn.MICROSOFT:
            self.fields["authorize_url"].help_text += ". For one organisation put its tenant in place of “common”"
        if provider == SignIn.OTHER:
            self.fields["scopes"].help_text = "What lets a program read by IMAP and send by SMTP, with spaces between"

    def given(self) -> dict[str, Any]:
        """What the act takes: a secret only where one was typed."""
        values = dict(self.cleaned_data)
        if not values.get("client_secret"):
            values.pop("client_secret", None)
        return values
