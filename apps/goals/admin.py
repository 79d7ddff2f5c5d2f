"""EDGE: goals and gate settings in the admin site."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RangeNumericFilter

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.goals.models import GateSettings, Goal


@admin.register(Goal)
class GoalAdmin(ReadOnlyAdmin):
    list_display = ["linked", "state", "execution_path", "sureness", "agent_key", "submitted_by", "created_at"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        "execution_path",
        ("confidence", RangeNumericFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["text", "agent_key", "submitted_by"]
    ordering = ["-id"]

    list_display_links = None

    @admin.display(description="goal")
    def linked(self, goal: Goal) -> str:
        words = Truncator(goal.text).chars(90)
        return format_html('<a class="gh-link" href="{}">{}</a>', reverse("admin:goal", args=[goal.pk]), words)

    @admin.display(description="confidence", ordering="confidence")
    def sureness(self, goal: Goal) -> str:
        return "" if goal.confidence is None else f"{goal.confidence:.2f}"


@admin.register(GateSettings)
class GateSettingsAdmin(ReadOnlyAdmin):
    """The thresholds of the current business. They change by proposal only: two people stand behind them."""

    list_display = ["business", "high", "medium", "clarification_rounds", "updated_at"]
    fields = ["high", "medium", "clarification_rounds"]
