"""EDGE: the forms of the learning page."""

import math
from typing import Any

from django import forms

from apps.trust.models.settings import LEAST_EVIDENCE, MOST_EVIDENCE


class WhatIfForm(forms.Form):
    """Thresholds to try: boosts above and below which trust steers, and the trust below which agents are off."""

    critical = forms.FloatField(label="Asked first from a boost above", min_value=0, max_value=0.5)
    low = forms.FloatField(label="Asked last from a boost below", min_value=-0.5, max_value=0)
    disable = forms.FloatField(label="Switched off below a trust of", min_value=0, max_value=1)

    def clean(self) -> dict[str, Any]:
        for name, value in self.cleaned_data.items():
            if not math.isfinite(value):
                self.add_error(name, "Enter a number")
        return self.cleaned_data


class SettingsForm(forms.Form):
    keep_reasoning = forms.BooleanField(
        label="Keep reasoning",
        required=False,
        help_text="Keep what agents say about why. Off, only a digest of what they recommend is kept.",
    )
    may_disable = forms.BooleanField(
        label="May switch agents off",
        required=False,
        help_text="An agent whose trust is below 0.3 on enough evidence is asked no more, and an alert goes out.",
    )
    min_evidence = forms.IntegerField(
        label="Enough evidence",
        min_value=LEAST_EVIDENCE,
        max_value=MOST_EVIDENCE,
        help_text=f"How many outcomes’ worth before trust steers, {LEAST_EVIDENCE} to {MOST_EVIDENCE}.",
    )
