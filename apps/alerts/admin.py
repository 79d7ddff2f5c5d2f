"""EDGE: alert channels and notices in the admin site. A secret goes in and never comes out again."""

from collections import Counter
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from apps.accounts.admin_base import ReadOnlyAdmin, TenantAdmin, everywhere
from apps.accounts.admin_site import is_superuser
from apps.accounts.roles import Role
from apps.alerts.connecting import (
    add_channel,
    change_channel,
    checked_addresses,
    checked_secret,
    remove_channel,
    send_test,
)
from apps.alerts.models import Channel, Delivery, Notice
from apps.core.errors import GatehouseError, Invalid

FIELDS = ["kind", "name", "given_secret", "more_addresses", "lowest"]
# Seconds between two looks at a notice that is on its way.
LOOK_AGAIN = 3


class ChannelForm(forms.ModelForm):
    given_secret = forms.CharField(
        label="Webhook address or integration key",
        required=False,
        max_length=500,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Slack: the address of an incoming webhook. PagerDuty: the integration key of Events API v2. "
        "Kept encrypted and never shown again.",
    )
    more_addresses = forms.CharField(
        label="More addresses",
        required=False,
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One a line. Admins and owners get these mails as well.",
    )
    for_installation = forms.BooleanField(
        label="For the whole installation",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Told of what concerns no single business. Seen by superusers only.",
    )

    class Meta:
        model = Channel
        fields = ["kind", "name", "lowest", "enabled"]
        help_texts = {"lowest": "Told of this severity and worse", "name": "Such as “On call” or #gatehouse"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["more_addresses"] = "\n".join(self.instance.addresses)
            if "given_secret" in self.fields:
                self.fields["given_secret"].help_text += " Leave empty to keep the one that is set."

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        kind = given.get("kind") or self.instance.kind
        if kind:
            self._check("given_secret", checked_secret, kind) if self._needs_secret(kind) else None
            self._check("more_addresses", checked_addresses, kind)
        return given

    def _needs_secret(self, kind: str) -> bool:
        given = self.cleaned_data.get("given_secret", "")
        if kind == Channel.Kind.EMAIL:
            if given:
                self.add_error("given_secret", "Mail needs none")
            return False
        return bool(given) or self.instance._state.adding

    def _check(self, name: str, check: Any, kind: str) -> None:
        value = self.cleaned_data.get(name, "")
        try:
            self.cleaned_data[name] = check(kind, value.splitlines() if name == "more_addresses" else value)
        except Invalid as error:
            self.add_error(name, ValidationError(error.errors[0]["reason"]))


class OwnAndInstallation(TenantAdmin):
    """Rows of the current business; for superusers those of the installation as well."""

    view_role = Role.ADMIN

    def shows_shared(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    @display(description="For")
    def whose(self, row: Any) -> str:
        return "This business" if row.business_id else "The whole installation"

    def get_list_display(self, request: HttpRequest) -> list[str]:
        shown = [*super().get_list_display(request)]
        return shown if is_superuser(request) else [name for name in shown if name != "whose"]

    changelist_view = everywhere(TenantAdmin.changelist_view)
    changeform_view = everywhere(TenantAdmin.changeform_view)
    delete_view = everywhere(TenantAdmin.delete_view)


@admin.register(Channel)
class ChannelAdmin(OwnAndInstallation):
    """Where alerts go. Without a mail channel, admins and owners get a mail from every severity on."""

    form = ChannelForm
    subject_name = "alert_channel"
    list_display = ["name", "kind", "whose", "lowest", "light", "health", "last_at", "last_words"]
    list_filter = ["kind", "enabled"]
    readonly_fields = ["kind", "health", "last_at", "last_words"]
    # The kind is a field of the page only while the channel is being added.
    conditional_fields = {
        "given_secret": "typeof kind === 'undefined' || kind != 'email'",
        "more_addresses": "typeof kind === 'undefined' || kind == 'email'",
    }
    actions_detail = ["test"]
    actions_list = ["told"]
    actions = None

    @display(description="Enabled", boolean=True)
    def light(self, channel: Channel) -> bool:
        return channel.enabled

    @display(description="State", label={"works": "success", "failing": "danger", "not tried": "info", "off": "info"})
    def health(self, channel: Channel) -> str:
        if not channel.enabled:
            return "off"
        if channel.failing:
            return "failing"
        return "works" if channel.last_at else "not tried"

    @action(description="What people were told", url_path="told", icon="history")
    def told(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:alerts_notice_changelist")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.readonly_fields) if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return [*FIELDS, *(["for_installation"] if is_superuser(request) else [])]
        own = "more_addresses" if obj.kind == Channel.Kind.EMAIL else "given_secret"
        return ["kind", "name", own, "lowest", "enabled", "health", "last_at", "last_words"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given, actor = form.cleaned_data, self.principal(request).actor
        values = {"name": given["name"], "lowest": given["lowest"]}
        if "more_addresses" in given:
            values["addresses"] = given["more_addresses"] or []
        if given.get("given_secret"):
            values["secret"] = given["given_secret"]
        if change:
            if "enabled" in form.changed_data:
                values["enabled"] = given["enabled"]
            change_channel(channel_id=obj.pk, business_id=obj.business_id, actor=actor, **values)
            return
        for_all = bool(given.get("for_installation")) and is_superuser(request)
        made = add_channel(business_id=None if for_all else obj.business_id, kind=given["kind"], actor=actor, **values)
        obj.pk, obj._state.adding = made.pk, False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        remove_channel(channel_id=obj.pk, business_id=obj.business_id, actor=self.principal(request).actor)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The deliveries go with the channel; they are not counted one by one."""
        return [str(obj) for obj in objs], {}, set(), []

    @action(description="Send a test alert", url_path="test", icon="send", permissions=["change"])
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, send on POST and show what came of it."""
        return self._test(request, object_id)

    def _tested(self, request: HttpRequest, object_id: str) -> HttpResponse:
        channel = self.get_object(request, object_id)
        if channel is None or not self.has_change_permission(request, channel):
            raise PermissionDenied
        if request.method != "POST":
            context = {**self.admin_site.each_context(request), "title": "Send a test alert", "channel": channel}
            return TemplateResponse(request, "alerts/test.html", context)
        actor = self.principal(request).actor
        try:
            notice = send_test(channel_id=channel.pk, business_id=channel.business_id, actor=actor)
        except GatehouseError as error:
            messages.error(request, error.detail)
            return redirect("admin:alerts_channel_change", channel.pk)
        return redirect("admin:alerts_notice_change", notice.pk)

    _test = everywhere(_tested)


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Open"), ("no", "Over"), ("failed", "Not delivered")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Notice]") -> "QuerySet[Notice]":
        if self.value() == "failed":
            failed = Delivery.objects.filter(state=Delivery.State.FAILED)
            return queryset.filter(pk__in=failed.values("notice"))
        return queryset if not self.value() else queryset.filter(resolved_at__isnull=self.value() == "yes")


@admin.register(Notice)
class NoticeAdmin(OwnAndInstallation, ReadOnlyAdmin):
    """What people were told of, newest first, and how each telling went."""

    list_display = ["opened_at", "how_bad", "title", "whose", "stands", "went", "source"]
    list_display_links = ["title"]
    list_filter = [OpenFilter, ("severity", ChoicesDropdownFilter), ("opened_at", RangeDateTimeFilter)]
    search_fields = ["title"]
    ordering = ["-id"]
    sortable_by = ()
    paginator = InfinitePaginator
    readonly_fields = ["how_bad", "stands", "whole", "deliveries"]
    fields = ["title", "how_bad", "stands", "opened_at", "resolved_at", "whole", "source", "deliveries"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Notice]":
        deliveries = Delivery.objects.select_related("channel").order_by("id")
        return super().get_queryset(request).prefetch_related(Prefetch("deliveries", deliveries))

    @display(
        description="Severity",
        label={"info": "info", "warning": "warning", "error": "danger", "critical": "danger"},
    )
    def how_bad(self, notice: Notice) -> str:
        return notice.severity

    @display(description="State", label={"open": "warning", "over": "success"})
    def stands(self, notice: Notice) -> str:
        return "over" if notice.resolved_at else "open"

    @display(description="Told")
    def went(self, notice: Notice) -> str:
        told = [delivery for delivery in notice.deliveries.all() if delivery.action == Delivery.Action.TRIGGER]
        counts = Counter(delivery.get_state_display() for delivery in told)
        words = ", ".join(f"{count} {state}" for state, count in counts.items())
        # The first reason is told here; the page of the notice has them all.
        why = next((delivery.last_error for delivery in told if delivery.state == Delivery.State.FAILED), "")
        return f"{words}: {why}" if why else words or "nobody"

    @display(description="What it says")
    def whole(self, notice: Notice) -> str:
        return render_to_string("alerts/notice.html", {"notice": notice})

    @display(description="Told")
    def deliveries(self, notice: Notice) -> str:
        return render_to_string("alerts/deliveries.html", {"deliveries": notice.deliveries.all()})

    def _shown(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().change_view(request, object_id, *args, **kwargs)
        if response.status_code == 200 and _on_its_way(object_id):
            response["Refresh"] = str(LOOK_AGAIN)
        return response

    change_view = everywhere(_shown)


def _on_its_way(notice_id: str) -> bool:
    """Whether somebody may see a change within seconds: sending has not been tried or is going on."""
    rows = Delivery.objects.filter(notice=UUID(notice_id), state=Delivery.State.PENDING)
    return rows.filter(attempts__lt=2).exists()
