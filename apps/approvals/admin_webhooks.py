"""EDGE: webhook endpoints and deliveries in the admin site."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from apps.accounts.admin_base import ReadOnlyAdmin, TenantAdmin
from apps.accounts.roles import Role
from apps.approvals.admin_fields import LinesField
from apps.approvals.endpoints import add_endpoint, change_endpoint, remove_endpoint, rotate_secret
from apps.approvals.models import WebhookDelivery, WebhookEndpoint
from apps.approvals.webhook_rules import bad_kinds
from apps.approvals.webhooks import redeliver
from apps.core.errors import GatehouseError, Invalid
from apps.core.outbound import check_url


class EndpointForm(forms.ModelForm):
    kinds = LinesField(
        label="Events", required=False, help_text="One a line, such as approval.approved or goal.*. Empty: every event"
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["url", "kinds", "enabled"]
        labels = {"url": "Address"}
        help_texts = {"url": "Messages are sent here by POST, signed as Standard Webhooks"}

    def clean_url(self) -> str:
        try:
            return check_url(self.cleaned_data["url"])
        except Invalid as error:
            raise ValidationError(error.errors[0]["reason"]) from None

    def clean_kinds(self) -> list[str]:
        kinds: list[str] = self.cleaned_data["kinds"]
        if bad := bad_kinds(kinds):
            raise ValidationError(f"There is no such event: {', '.join(bad)}")
        return kinds


@admin.register(WebhookEndpoint)
class EndpointAdmin(TenantAdmin):
    """Where events are sent, signed. The secret is shown when the endpoint is added and when it is rotated."""

    view_role = Role.ADMIN
    form = EndpointForm
    subject_name = "webhook"
    list_display = ["url", "told_of", "light", "disabled_reason", "failures", "delivered"]
    search_fields = ["url"]
    list_filter = ["enabled"]
    readonly_fields = ["disabled_reason", "failures", "old_secret_until", "delivered"]
    fields = ["url", "kinds", "enabled", *readonly_fields]
    actions_detail = ["rotate"]

    @display(description="Told of")
    def told_of(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.kinds) or "everything"

    @display(description="Enabled", boolean=True)
    def light(self, endpoint: WebhookEndpoint) -> bool:
        return endpoint.enabled

    @display(description="Deliveries")
    def delivered(self, endpoint: WebhookEndpoint) -> str:
        url = reverse("admin:approvals_webhookdelivery_changelist")
        return format_html('<a class="gh-link" href="{}?endpoint__id__exact={}">Show</a>', url, endpoint.pk)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields) if obj else ["url", "kinds"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor, given = self.principal(request).actor, form.cleaned_data
        if change:
            changed = {name: given[name] for name in form.changed_data}
            change_endpoint(endpoint_id=obj.pk, actor=actor, **changed)
            return
        made, secret = add_endpoint(business_id=obj.business_id, url=given["url"], kinds=given["kinds"], actor=actor)
        obj.pk, obj.shown_secret, obj._state.adding = made.pk, secret, False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        remove_endpoint(endpoint_id=obj.pk, actor=self.principal(request).actor)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The deliveries go with the endpoint; they are not counted one by one."""
        return [str(obj) for obj in objs], {}, set(), []

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show(request, obj, obj.shown_secret)

    @action(description="Rotate the secret", url_path="rotate", icon="autorenew", permissions=["change"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, rotate on POST."""
        endpoint = self.get_object(request, object_id)
        if endpoint is None or not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        if request.method != "POST":
            context = {**self.admin_site.each_context(request), "title": "Rotate the secret", "endpoint": endpoint}
            return TemplateResponse(request, "approvals/webhook_rotate.html", context)
        endpoint, secret = rotate_secret(endpoint_id=endpoint.pk, actor=self.principal(request).actor)
        return self._show(request, endpoint, secret)

    def _show(self, request: HttpRequest, endpoint: Any, secret: str) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Signing secret", "endpoint": endpoint}
        response = TemplateResponse(request, "approvals/webhook_secret.html", {**context, "secret": secret})
        response["Cache-Control"] = "no-store"
        return response


@admin.register(WebhookDelivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was sent, newest first; what has ended can be sent again."""

    view_role = Role.ADMIN
    list_display = ["created_at", "kind", "endpoint", "stands", "attempts", "response_status", "last_error"]
    list_display_links = ["created_at"]
    list_select_related = ["endpoint"]
    list_filter = [
        ("endpoint", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["kind__startswith", "=event_id"]
    search_help_text = "Beginning of the kind, or the whole id of the event"
    ordering = ["-id"]
    sortable_by = ()
    paginator = InfinitePaginator
    readonly_fields = ["body_shown"]
    fields = [
        "endpoint",
        "kind",
        "event_id",
        "state",
        "attempts",
        "next_attempt_at",
        "response_status",
        "last_error",
        "created_at",
        "delivered_at",
        "body_shown",
    ]
    actions = ["send_again"]  # type: ignore[assignment]

    @display(
        description="State", label={"delivered": "success", "pending": "info", "failed": "danger"}, ordering="state"
    )
    def stands(self, delivery: WebhookDelivery) -> str:
        return delivery.state

    @display(description="Message")
    def body_shown(self, delivery: WebhookDelivery) -> str:
        text = json.dumps(delivery.body, indent=2, ensure_ascii=False)
        return format_html('<pre class="whitespace-pre-wrap break-words">{}</pre>', text)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return self._has_role(request, Role.ADMIN)

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> HttpResponse:
        actor, sent = self.principal(request).actor, 0
        for delivery in queryset:
            try:
                redeliver(delivery_id=delivery.pk, actor=actor)
                sent += 1
            except GatehouseError as error:
                messages.warning(request, f"{delivery}: {error.detail}")
        if sent:
            messages.success(request, f"{sent} on their way again.")
        return redirect(request.get_full_path())
