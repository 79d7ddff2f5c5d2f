"""EDGE: the bands of a business in the admin site. Every change is in the audit, as of every page of its kind."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.accounts.admin_base import TenantAdmin
from apps.watch.bands import DEFAULT_BANDS, Band, Figure
from apps.watch.models import TargetBand
from apps.watch.words import MEANINGS, NAMES, band_in_words


@admin.register(TargetBand)
class TargetBandAdmin(TenantAdmin):
    """What is not listed follows the shipped bands (apps/watch/bands.py). Both bounds empty: no band, no alert."""

    subject_name = "band"
    list_display = ["name", "bounds", "meaning", "updated_at"]
    list_display_links = ["name"]
    fields = ["figure", "low", "high"]

    @admin.display(description="figure", ordering="figure")
    def name(self, band: TargetBand) -> str:
        return NAMES[Figure(band.figure)]

    @admin.display(description="band")
    def bounds(self, band: TargetBand) -> str:
        return band_in_words(Figure(band.figure), Band(band.low, band.high))

    @admin.display(description="what it is")
    def meaning(self, band: TargetBand) -> str:
        return MEANINGS[Figure(band.figure)]

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Each figure by its name on the page, with the band that is shipped for it."""
        named = [(figure.value, f"{NAMES[figure]}: {_shipped(figure)}") for figure in Figure]
        return super().formfield_for_choice_field(db_field, request, **kwargs, choices=[("", "---"), *named])

    def get_readonly_fields(self, request: Any, obj: Any = None) -> list[str]:
        return ["figure"] if obj else []


def _shipped(figure: Figure) -> str:
    band = DEFAULT_BANDS.get(figure)
    return f"shipped with {band_in_words(figure, band)}" if band else "shipped without a band"
