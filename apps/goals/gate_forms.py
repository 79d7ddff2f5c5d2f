"""EDGE: the form of the gate page."""

from typing import Any, Self
from uuid import UUID

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.goals.configuration import GateConfiguration
from apps.goals.gate import Thresholds
from apps.goals.models import GateSettings


class ThresholdsForm(forms.Form):
    """At `high` and above a goal runs; at `medium` and above a person is asked; below, a question or a rejection."""

    high = forms.FloatField(
        label="Runs alone from", min_value=0, max_value=1, widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"})
    )
    medium = forms.FloatField(
        label="Asks a person from",
        min_value=0,
        max_value=1,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
    )
    rounds = forms.IntegerField(
        label="Rounds of questions", min_value=0, max_value=10, widget=UnfoldAdminIntegerFieldWidget()
    )
    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Whoever decides reads it"}),
    )

    @classmethod
    def showing(cls, configuration: GateConfiguration) -> Self:
        now = configuration.thresholds
        return cls(initial={"high": now.high, "medium": now.medium, "rounds": configuration.rounds})

    @staticmethod
    def has_own(business_id: UUID) -> bool:
        return GateSettings.objects.filter(business_id=business_id).exists()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "high" in data and "medium" in data:
            try:
                Thresholds(high=data["high"], medium=data["medium"])
            except ValueError:
                self.add_error("medium", "This must be below the threshold for running alone")
        return data
