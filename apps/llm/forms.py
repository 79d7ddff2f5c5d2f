"""EDGE: the form of a provider. Key and headers go in and never come back out."""

from typing import Any

from django import forms

from apps.core.errors import Invalid
from apps.llm.keeping import LONGEST_HEADER
from apps.llm.models import MOST_RETRIES, MOST_SECONDS, Provider
from apps.llm.responses import Form, Kind

_FORMS = [
    (Form.SCHEMA.value, "By a schema, or less where refused"),
    (Form.OBJECT.value, "As any JSON object"),
    (Form.WORDS.value, "By words alone"),
]
_SEALED = "Stored encrypted and never shown"


def _price(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=12, decimal_places=6,
        help_text="USD for a million tokens. Empty: by the bundled list of prices; 0: free",
    )  # fmt: skip


class ProviderForm(forms.Form):
    """A provider. What acts check is checked there; `clean_…` here only reads."""

    scope = forms.ChoiceField(
        label="Serves", choices=[("business", "This business"), ("installation", "Every business")], required=False
    )
    kind = forms.ChoiceField(label="Asked for", choices=[(Kind.CHAT, "Texts"), (Kind.EMBEDDING, "Embeddings")])
    name = forms.CharField(max_length=60, help_text="As it is called on these pages")
    base_url = forms.URLField(
        label="Address", max_length=500, assume_scheme="https", help_text="OpenAI-compatible, up to and with /v1"
    )
    key = forms.CharField(
        required=False, max_length=4000, help_text=_SEALED, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    drop_key = forms.BooleanField(required=False, label="Take the key away")
    headers = forms.CharField(
        required=False,
        label="Extra headers",
        help_text=f"One a line, as Name: value, for gateways. {_SEALED}",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off"}),
    )
    drop_headers = forms.BooleanField(required=False, label="Take the extra headers away")
    model = forms.CharField(max_length=120, help_text="As the provider names it")
    serves = forms.CharField(
        required=False,
        label="Other models it has",
        help_text="One a line. Empty: it is asked for whatever model a draft or agent names",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    dim = forms.IntegerField(
        required=False, min_value=1, max_value=16_000, label="Numbers in a vector",
        help_text="Of an embedding model. Answers of another length are refused",
    )  # fmt: skip
    timeout_seconds = forms.IntegerField(
        min_value=1, max_value=MOST_SECONDS, initial=30, label="Seconds it may take", help_text="For one request"
    )
    retries = forms.IntegerField(
        min_value=0, max_value=MOST_RETRIES, initial=2, label="Further tries", help_text="Before the next provider"
    )
    form = forms.ChoiceField(choices=_FORMS, initial=Form.SCHEMA.value, label="Asked for JSON")
    price_in = _price("Price of input")
    price_cached = _price("Price of cached input")
    price_out = _price("Price of output")

    def __init__(self, *args: Any, provider: Provider | None = None, everywhere: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if provider is not None or not everywhere:
            del self.fields["scope"]
        if provider is None:
            for name in ("drop_key", "drop_headers"):
                del self.fields[name]
            return
        for name, has in (("key", provider.key), ("headers", provider.headers)):
            if not has:
                del self.fields[f"drop_{name}"]
            self.fields[name].widget.attrs["placeholder"] = "Set; empty keeps it" if has else "Not set"

    def clean_serves(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["serves"].splitlines() if line.strip()]
        if len(names) > 100 or any(len(name) > 120 for name in names):
            raise forms.ValidationError("At most 100 names of 120 characters")
        return list(dict.fromkeys(names))

    def clean_headers(self) -> dict[str, str] | None:
        """None for an empty field."""
        headers = {}
        for line in self.cleaned_data["headers"].splitlines():
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise forms.ValidationError("Each line is Name: value")
            headers[name.strip()] = value.strip()[: LONGEST_HEADER + 1]
        return headers or None

    def fields_given(self) -> dict[str, Any]:
        """The columns, without key and headers."""
        given = self.cleaned_data
        names = ("kind", "name", "base_url", "model", "serves", "dim", "timeout_seconds", "retries", "form")
        return {name: given[name] for name in (*names, "price_in", "price_cached", "price_out")}

    def secrets_given(self) -> dict[str, Any]:
        """key and headers as `change_provider` takes them: None keeps, empty takes away."""
        given = self.cleaned_data
        return {
            "key": "" if given.get("drop_key") else given["key"] or None,
            "headers": {} if given.get("drop_headers") else given["headers"],
        }

    def tell(self, error: Invalid) -> None:
        """Put what an act found wrong beside its field."""
        for one in error.errors:
            self.add_error(one["field"] if one["field"] in self.fields else None, one["reason"])


def initial_of(provider: Provider) -> dict[str, Any]:
    """What the form shows of a stored provider: everything but its secrets."""
    names = ("kind", "name", "base_url", "model", "dim", "timeout_seconds", "retries", "form")
    shown = {name: getattr(provider, name) for name in (*names, "price_in", "price_cached", "price_out")}
    return shown | {"serves": "\n".join(provider.serves)}
