"""EDGE: requests, decisions, policies and webhooks in the admin site."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from apps.accounts.admin_base import ReadOnlyAdmin, TenantAdmin
from apps.accounts.admin_site import may_administer
from apps.accounts.principals import actor_of
from apps.accounts.roles import Role
from apps.approvals.endpoints import add_endpoint, change_endpoint
from apps.approvals.models import ApprovalRequest, Decision, Policy, WebhookDelivery, WebhookEndpoint
from apps.approvals.states import State
from apps.approvals.webhooks import redeliver
from apps.core.errors import GatehouseError, Invalid
from apps.core.outbound import check_url


class DecisionInline(TabularInline):
    model = Decision
    fields = readonly_fields = ["at", "actor", "verdict", "reason", "comment", "edited"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    """What has been decided. What waits is decided in the queue."""

    list_display = ["linked", "kind", "state", "decided_by", "decided_at", "requested_by", "created_at"]
    list_display_links = None
    list_filter = [("state", ChoicesDropdownFilter), "kind", ("decided_at", RangeDateTimeFilter)]
    search_fields = ["title", "requested_by", "decided_by"]
    ordering = ["-decided_at", "-id"]
    inlines = [DecisionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRequest]:
        rows = super().get_queryset(request).defer("payload", "payload_schema", "original", "search", "factors")
        is_list = getattr(request.resolver_match, "url_name", "").endswith("_changelist")
        return rows.exclude(state=State.WAITING) if is_list else rows

    @admin.display(description="request")
    def linked(self, row: ApprovalRequest) -> str:
        address = reverse("admin:queue-item", args=[row.pk])
        return format_html('<a class="gh-link" href="{}">{}</a>', address, Truncator(row.title).chars(80))


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "verdict", "reason", "edited", "request"]
    list_filter = ["verdict", "edited", ("at", RangeDateTimeFilter)]
    search_fields = ["actor", "reason", "comment"]
    list_select_related = ["request"]
    ordering = ["-at"]


class PolicyForm(forms.ModelForm):
    def clean_kind(self) -> str:
        kind = self.cleaned_data["kind"].strip()
        if not kind:
            raise ValidationError("Name a kind, or * for every kind without its own policy")
        return kind


@admin.register(Policy)
class PolicyAdmin(TenantAdmin):
    """Changes hold for requests made from now on; open ones keep the policy they came with."""

    form = PolicyForm
    list_display = ["kind", "decider_role", "approvers", "requester_may_decide", "deadline_minutes", "on_timeout"]
    fieldsets = (
        (None, {"fields": ["kind"]}),
        ("Who decides", {"fields": ["decider_role", "approvers", "requester_may_decide", "reason_presets"]}),
        ("Deadline", {"fields": ["deadline_minutes", "on_timeout", "escalate_to"]}),
    )


class EndpointForm(forms.ModelForm):
    def clean_url(self) -> str:
        try:
            return check_url(self.cleaned_data["url"])
        except Invalid as error:
            raise ValidationError(error.errors[0]["reason"]) from None


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(TenantAdmin):
    view_role = Role.ADMIN
    form = EndpointForm
    list_display = ["url", "enabled", "kinds", "disabled_reason", "created_at"]
    list_filter = ["enabled"]
    search_fields = ["url"]
    fields = ["url", "kinds", "enabled"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        chosen = {"url": form.cleaned_data["url"], "kinds": form.cleaned_data["kinds"] or []}
        actor = actor_of(request.user)  # type: ignore[arg-type]
        if change:
            change_endpoint(endpoint_id=obj.pk, actor=actor, enabled=form.cleaned_data["enabled"], **chosen)
            return
        endpoint, secret = add_endpoint(business_id=obj.business_id, actor=actor, **chosen)
        obj.pk, obj.shown_secret, obj._state.adding = endpoint.pk, secret, False

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Signing secret", "endpoint": obj}
        response = TemplateResponse(request, "approvals/endpoint_secret.html", context)
        response["Cache-Control"] = "no-store"
        return response


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    view_role = Role.ADMIN
    list_display = ["kind", "endpoint", "state", "attempts", "response_status", "last_error", "created_at"]
    list_filter = ["state", ("created_at", RangeDateTimeFilter)]
    search_fields = ["kind"]
    list_select_related = ["endpoint"]
    ordering = ["-id"]
    actions = ["send_again"]

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        if not may_administer(request):
            raise PermissionDenied
        for delivery in queryset:
            try:
                redeliver(delivery_id=delivery.pk, actor=actor_of(request.user))  # type: ignore[arg-type]
            except GatehouseError as error:
                messages.error(request, f"{delivery}: {error.detail}")
            else:
                messages.success(request, f"{delivery} is on its way again")
