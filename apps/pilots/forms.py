"""EDGE: the forms of the pages of features. What acts check is checked there; its words come back beside the field."""

import json
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import Q

from apps.accounts.models import Business, User
from apps.core.errors import Invalid
from apps.pilots.kinds import ON_OFF, Kind, problem_of_key
from apps.pilots.models import Feature
from apps.pilots.models.settings import MOST_EXAMPLES
from apps.pilots.pasted import text_of

LOCAL = "%Y-%m-%dT%H:%M"


class Moment(forms.DateTimeField):
    """A moment in UTC, to the minute or the second."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
        super().__init__(widget=widget, input_formats=[LOCAL, f"{LOCAL}:%S", f"{LOCAL}:%S.%f"], **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        return found.replace(tzinfo=UTC) if found else None


def area(rows: int, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def tell_errors(form: forms.Form, error: Invalid) -> None:
    """Put what an act found wrong beside its field, or on top where the form has no such field."""
    for one in error.errors:
        field = one["field"] if one["field"] in form.fields else None
        form.add_error(field, one["reason"])


class FeatureForm(forms.Form):
    """A feature. Its key and kind only while it is made; its home for superusers only."""

    key = forms.CharField(max_length=80, help_text="As programs ask for it: letters, digits, dots, dashes, underscores")
    description = forms.CharField(
        max_length=500, required=False, widget=area(2), help_text="What it does for whoever has it"
    )
    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in Kind], initial=Kind.BOOLEAN)
    variants = forms.CharField(
        widget=area(3, spellcheck="false"),
        initial=json.dumps(ON_OFF),
        help_text="Values by name, as JSON",
    )
    on_variant = forms.CharField(max_length=40, initial="on", label="On is", help_text="What the rollout brings")
    off_variant = forms.CharField(max_length=40, initial="off", label="Off is", help_text="What is had without it")
    owner = forms.CharField(required=False, max_length=254, help_text="The mail address of who answers for it")
    home = forms.CharField(
        required=False,
        max_length=120,
        help_text="Slug or exact name of the business whose admins run it for everybody; its queue decides the steps",
    )
    permanent = forms.BooleanField(required=False, help_text="A switch that stays; never reported as stale")
    self_service = forms.BooleanField(
        required=False, label="Self-service", help_text="A business's own admins may switch it for their business"
    )
    exposed = forms.BooleanField(
        required=False, help_text="Programs of every business may ask for it, about their own business"
    )
    auto_advance = forms.BooleanField(
        required=False,
        label="Asks by itself",
        help_text="The next stage is asked for as soon as its criteria are met; a person still decides",
    )
    plan = forms.ChoiceField(
        choices=[("seven", "The seven-day plan"), ("none", "None yet")],
        initial="seven",
        label="Ladder",
        help_text="It can be changed before the rollout begins, and later",
    )
    flags = ("permanent", "self_service", "exposed", "auto_advance")

    def __init__(self, *args: Any, superuser: bool, feature: Feature | None = None, **kwargs: Any) -> None:
        self.feature = feature
        if feature is not None:
            kwargs.setdefault("initial", _shown(feature))
        super().__init__(*args, **kwargs)
        self._people = (
            Q(pk__isnull=False) if superuser else Q(memberships__business_id=feature.home_id if feature else None)
        )
        gone = ["key", "kind", "plan"] if feature else []
        for name in [*gone, *([] if superuser else ["home"])]:
            del self.fields[name]

    def clean_key(self) -> str:
        if problem := problem_of_key(self.cleaned_data["key"]):
            raise forms.ValidationError(problem)
        return self.cleaned_data["key"]

    def clean_variants(self) -> dict[str, Any]:
        try:
            found = json.loads(self.cleaned_data["variants"])
        except ValueError as error:
            raise forms.ValidationError(f"This is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise forms.ValidationError('Values by name, such as {"on": true, "off": false}')
        return found

    def clean_owner(self) -> User | None:
        typed = self.cleaned_data["owner"]
        if not typed:
            return None
        # Whoever owns it already stays, wherever they belong.
        same = Q(pk=self.feature.owner_id) if self.feature and self.feature.owner_id else Q(pk=None)
        named = Q(email__iexact=typed) | Q(username=typed)
        found = User.objects.filter(named, self._people | same, is_active=True).distinct().first()
        if found is None:
            raise forms.ValidationError("Nobody here has this mail address")
        return found

    def clean_home(self) -> Business | None:
        typed = self.cleaned_data["home"]
        if not typed:
            return None
        found = list(Business.objects.filter(Q(slug=typed.lower()) | Q(name=typed))[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                "Several businesses have this name: give the slug" if found else "There is no such business"
            )
        return found[0]

    @property
    def columns(self) -> dict[str, Any]:
        """What the acts are called with."""
        data = dict(self.cleaned_data)
        columns: dict[str, Any] = {name: data[name] for name in ("key", "kind") if name in data}
        columns |= {name: data[name] for name in ("variants", "on_variant", "off_variant", "description", *self.flags)}
        columns["owner_id"] = data["owner"].pk if data["owner"] else None
        if "home" in data:
            columns["home_id"] = data["home"].pk if data["home"] else None
        return columns


class AdvanceForm(forms.Form):
    """Ask for the next stage."""

    due_at = Moment(required=False, label="Not before (UTC)", help_text="Empty: as soon as it is approved")
    override_reason = forms.CharField(
        required=False, max_length=500, label="Why go past what is not met", widget=area(2)
    )


class AddForm(forms.Form):
    """Businesses to add: pasted, or in a file, which then stands for the text."""

    text = forms.CharField(
        required=False,
        strip=False,
        label="One business a line",
        widget=area(12, spellcheck="false", placeholder="corner-shop\nMiller & Sons\n\nor:\nbusiness,notes\n…"),
    )
    file = forms.FileField(required=False, label="Or a CSV file", allow_empty_file=True)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("file"):
            try:
                data["text"] = text_of(data["file"].read())
            except ValueError as error:
                self.add_error("file", str(error))
        return data


class RollbackForm(forms.Form):
    """level: business, cohort or everything; business: its id, at that level."""

    reason = forms.CharField(max_length=500, widget=area(2), help_text="It stays in the audit and in the record")
    since = Moment(required=False, label="Got it from (UTC)")
    until = Moment(required=False, label="Got it before (UTC)")

    def __init__(self, *args: Any, cohort: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not cohort:
            del self.fields["since"], self.fields["until"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "since" not in self.fields:
            return data
        for name in ("since", "until"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, "Say when")
        if data.get("since") and data.get("until") and data["since"] >= data["until"]:
            self.add_error("until", "This must be later than the beginning")
        return data


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500)


class SettingsForm(forms.Form):
    """How the business uses the powers of e-mail that it pilots."""

    email_rag_enabled = forms.BooleanField(
        required=False, label="Learn from past replies", help_text="Past replies are looked up for drafts"
    )
    email_rag_min_confidence = forms.FloatField(
        min_value=0,
        max_value=1,
        label="How alike at least",
        help_text="0 to 1: past replies that are less alike are left out",
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )
    email_rag_max_examples = forms.IntegerField(
        min_value=0,
        max_value=MOST_EXAMPLES,
        label="Replies at most",
        help_text=f"0 to {MOST_EXAMPLES} for one draft",
    )
    email_snippets_enabled = forms.BooleanField(
        required=False, label="Use snippets", help_text="Snippets are looked up for drafts"
    )


def _shown(feature: Feature) -> dict[str, Any]:
    shown = {name: getattr(feature, name) for name in ("description", "on_variant", "off_variant", *FeatureForm.flags)}
    return shown | {
        "variants": json.dumps(feature.variants, ensure_ascii=False),
        "owner": feature.owner.email if feature.owner else "",
        "home": feature.home.slug if feature.home else "",
    }
