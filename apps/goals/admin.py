"""EDGE: goals, gate settings and switches in the admin site."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RangeNumericFilter

from apps.accounts.admin_base import ReadOnlyAdmin, TenantAdmin
from apps.goals.models import GateSettings, Goal, Switch
from apps.goals.switches import gate_changed


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


@admin.register(Switch)
class SwitchAdmin(TenantAdmin):
    """What is not listed stands as the environment says. A row without a business holds for the whole installation."""

    shared_rows = True
    list_display = ["name", "whose", "light", "updated_at", "updated_by"]
    list_filter = ["name", "on"]
    fields = ["name", "on"]

    @admin.display(description="holds for")
    def whose(self, switch: Switch) -> str:
        return "This business" if switch.business_id else "The whole installation"

    @admin.display(description="on", boolean=True)
    def light(self, switch: Switch) -> bool:
        return switch.on

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.updated_by = f"user:{request.user.email}"  # type: ignore[union-attr]
        super().save_model(request, obj, form, change)
        gate_changed()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        gate_changed()
