"""EDGE: what was decided, the policies, and mails under way in the admin site. The queue itself is in pages.py."""

import json
import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RangeNumericFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from apps.accounts.admin_base import ReadOnlyAdmin, TenantAdmin
from apps.accounts.roles import Role
from apps.approvals import admin_webhooks  # noqa: F401 - registers its pages
from apps.approvals.admin_fields import LinesField
from apps.approvals.models import ROLES, ApprovalRequest, Decision, Notice, Policy
from apps.approvals.policies import EVERY_KIND, REASONS
from apps.approvals.searching import matching
from apps.approvals.selectors import known_kinds
from apps.approvals.states import ENDS, State

KIND = re.compile(r"^[a-z][a-z0-9_-]{0,29}$")
COLOURS = {
    State.APPROVED: "success",
    State.ANSWERED: "info",
    State.REJECTED: "danger",
    State.EXPIRED: "warning",
    State.CANCELLED: "warning",
}


class EndFilter(admin.SimpleListFilter):
    title = "how it ended"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.value.title()) for state in State if state in ENDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """The kinds that are known, not those of a million rows."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in known_kinds(request.seat.business_id)]  # type: ignore[attr-defined]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class DecisionInline(TabularInline):
    """Who said what about it."""

    model = Decision
    fields = ["at", "actor", "verdict", "reason", "comment", "version", "edited"]
    readonly_fields = fields
    extra = 0
    ordering = ["at"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApprovalRequest)
class DecidedAdmin(ReadOnlyAdmin):
    """Requests that have ended, newest first. Those that wait are in the queue."""

    subject_name = "approval"
    list_display = ["linked", "kind", "ended", "how_grave", "who", "decided_at"]
    list_display_links = ["decided_at"]
    list_filter = [
        EndFilter,
        KindFilter,
        ("risk", RangeNumericFilter),
        ("decided_at", RangeDateTimeFilter),
    ]
    search_fields = ["search"]
    search_help_text = "Beginnings of words in title, reason or requester; or of an id"
    ordering = ["-id"]
    sortable_by = ()
    paginator = InfinitePaginator
    inlines = [DecisionInline]
    fieldsets = (
        (None, {"fields": ["title", "why", "kind", "state", "requested_by", "decided_by", "decided_at"]}),
        ("What was decided on", {"fields": ["payload_shown", "payload_hash", "version", "original_shown"]}),
        ("Reasons", {"fields": ["how_grave", "how_sure", "factors_shown", "checks_shown", "questions_shown"]}),
        (
            "Terms",
            {"fields": ["decider_role", "approvers_needed", "on_timeout", "created_at", "deadline", "escalated_at"]},
        ),
    )
    readonly_fields = [
        "payload_shown",
        "original_shown",
        "how_grave",
        "how_sure",
        "factors_shown",
        "checks_shown",
        "questions_shown",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(state=State.WAITING)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return matching(queryset, search_term, waiting=False), False

    @display(description="Request")
    def linked(self, row: ApprovalRequest) -> str:
        url = reverse("admin:queue-item", args=[row.pk])
        return format_html('<a class="gh-link" href="{}">{}</a>', url, Truncator(row.title).chars(90))

    @display(description="Ended", label={state.value: colour for state, colour in COLOURS.items()})
    def ended(self, row: ApprovalRequest) -> str:
        return row.state

    @display(description="Risk", ordering="risk")
    def how_grave(self, row: ApprovalRequest) -> str:
        return f"{row.risk:.2f}"

    @display(description="Confidence")
    def how_sure(self, row: ApprovalRequest) -> str:
        return "-" if row.confidence is None else f"{row.confidence:.2f}"

    @display(description="Decided by")
    def who(self, row: ApprovalRequest) -> str:
        return row.decided_by.removeprefix("user:")

    @display(description="Factors")
    def factors_shown(self, row: ApprovalRequest) -> str:
        return _pretty(row.factors) if row.factors else "-"

    @display(description="Checks")
    def checks_shown(self, row: ApprovalRequest) -> str:
        return _pretty(row.checks) if row.checks else "-"

    @display(description="Questions")
    def questions_shown(self, row: ApprovalRequest) -> str:
        return _pretty(row.questions) if row.questions else "-"

    @display(description="Payload")
    def payload_shown(self, row: ApprovalRequest) -> str:
        return _pretty(row.payload)

    @display(description="As it was asked for")
    def original_shown(self, row: ApprovalRequest) -> str:
        return "It was not edited" if row.original is None else _pretty(row.original)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Every word said, append-only."""

    list_display = ["at", "actor", "verdict", "linked", "reason", "edited"]
    list_display_links = ["at"]
    list_filter = [("verdict", ChoicesDropdownFilter), "edited", ("at", RangeDateTimeFilter)]
    list_select_related = ["request"]
    search_fields = ["actor", "=request__id"]
    search_help_text = "Who, or the whole id of a request"
    ordering = ["-id"]
    sortable_by = ()
    paginator = InfinitePaginator

    @display(description="Request")
    def linked(self, decision: Decision) -> str:
        url = reverse("admin:queue-item", args=[decision.request_id])
        return format_html('<a class="gh-link" href="{}">{}</a>', url, Truncator(decision.request.title).chars(90))


class PolicyForm(forms.ModelForm):
    reason_presets = LinesField(
        required=False,
        help_text=f"Reasons to reject, one a line, at most 20. Empty: {', '.join(REASONS)}",
    )

    class Meta:
        model = Policy
        fields = [
            "kind",
            "decider_role",
            "approvers",
            "requester_may_decide",
            "deadline_minutes",
            "on_timeout",
            "escalate_to",
            "reason_presets",
        ]
        labels = {
            "decider_role": "Who decides",
            "deadline_minutes": "Deadline in minutes",
            "on_timeout": "At the deadline",
        }
        help_texts = {
            "decider_role": "This role and those above it",
            "requester_may_decide": "Only where one approval is enough",
            "deadline_minutes": "From the request on; a mail reminds at half of the time",
            "on_timeout": "Reject: it expires. Escalate: a mail to the role below. Keep: it waits on. Never approve.",
            "escalate_to": "Not below those who decide",
        }

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if kind != EVERY_KIND and not KIND.match(kind):
            raise ValidationError("A word in small letters, such as goal; or * for every kind without its own")
        return kind

    def clean_reason_presets(self) -> list[str]:
        presets: list[str] = self.cleaned_data["reason_presets"]
        if len(presets) > 20 or any(len(preset) > 80 for preset in presets):
            raise ValidationError("At most 20 reasons of 80 characters")
        return presets


@admin.register(Policy)
class PolicyAdmin(TenantAdmin):
    """Who decides what. A request keeps the policy it began with."""

    form = PolicyForm
    list_display = ["kind", "decider_role", "approvers", "deadline_shown", "on_timeout", "escalate_to", "updated_at"]
    list_filter = [("on_timeout", ChoicesDropdownFilter)]
    search_fields = ["kind"]

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("decider_role", "escalate_to"):
            kwargs["choices"] = [(value, words) for value, words in ROLES if value != Role.VIEWER]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @display(description="Deadline", ordering="deadline_minutes")
    def deadline_shown(self, policy: Policy) -> str:
        hours, minutes = divmod(policy.deadline_minutes, 60)
        return f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Mails that are still to be sent: empty when all is well."""

    view_role = Role.ADMIN
    list_display = ["kind", "role", "request", "attempts", "next_attempt_at"]
    list_select_related = ["request"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["request__title"]
    ordering = ["id"]


def _pretty(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="whitespace-pre-wrap break-words">{}</pre>', text)
