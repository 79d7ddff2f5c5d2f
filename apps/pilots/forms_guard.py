"""EDGE: the form of a guard. Shares are typed as percents, chances of a false alarm as well."""

from typing import Any

from django import forms

from apps.core.measures import trimmed
from apps.pilots.criteria import Comparison
from apps.pilots.ladder import Level
from apps.pilots.measuring import metric_of, metrics
from apps.pilots.models import Guard

LEVELS = [
    (Level.EVERYTHING.value, "from everybody"),
    (Level.COHORT.value, "from those that came with the stage"),
    (Level.BUSINESS.value, "from the one business it is found at"),
]


class GuardForm(forms.Form):
    """A limit on a metric that takes the feature back."""

    metric = forms.ChoiceField(choices=[])
    comparison = forms.ChoiceField(
        label="Must be",
        choices=[(Comparison.AT_LEAST.value, "at least"), (Comparison.AT_MOST.value, "at most")],
    )
    limit = forms.FloatField(
        help_text="In percent for shares, in seconds for times; of the baseline: a factor, 0.8 for a fifth less"
    )
    relative = forms.BooleanField(required=False, label="Of the baseline", help_text="As measured when it is armed")
    level = forms.ChoiceField(label="Takes it back", choices=LEVELS)
    minimum = forms.IntegerField(
        initial=30, min_value=1, label="Acts from", help_text="Observations it needs before it may act"
    )
    alpha = forms.FloatField(
        initial=1, label="False alarms (%)", help_text="The chance of one, ever, however often it is looked at"
    )
    cooldown_minutes = forms.IntegerField(
        initial=60, min_value=0, label="Quiet afterwards (minutes)", help_text="It does not act again for so long"
    )
    enabled = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, guard: Guard | None = None, **kwargs: Any) -> None:
        if guard is not None:
            kwargs.setdefault("initial", _shown(guard))
        super().__init__(*args, **kwargs)
        named = [(metric.name, f"{metric.title} ({metric.unit or 'number'})") for metric in metrics()]
        self.fields["metric"].choices = named  # type: ignore[attr-defined]
        if guard is None:
            del self.fields["enabled"]

    @property
    def values(self) -> dict[str, Any]:
        """What the acts are called with."""
        data = dict(self.cleaned_data)
        if metric_of(data["metric"]).unit == "%" and not data["relative"]:
            data["limit"] = round(data["limit"] / 100, 10)
        data["alpha"] = round(data["alpha"] / 100, 10)
        return data


def _shown(guard: Guard) -> dict[str, Any]:
    names = ("metric", "comparison", "relative", "level", "minimum", "cooldown_minutes", "enabled")
    percent = not guard.relative and any(one.name == guard.metric and one.unit == "%" for one in metrics())
    limit = trimmed(guard.limit * (100 if percent else 1), 6).replace(",", "")
    alpha = trimmed(guard.alpha * 100, 6).replace(",", "")
    return {name: getattr(guard, name) for name in names} | {"limit": limit, "alpha": alpha}
