"""EDGE: the page of API keys: issued once, shown once, revoked for good."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.accounts.admin_base import TenantAdmin
from apps.accounts.keys import issue_key, revoke_key
from apps.accounts.models import ApiKey, Business
from apps.accounts.roles import Role, Scope
from apps.core.errors import StaleState

SCOPE_WORDS = {
    Scope.GOALS_READ: "read goals",
    Scope.GOALS_WRITE: "submit, clarify and cancel goals",
    Scope.APPROVALS_READ: "read approval requests",
    Scope.APPROVALS_WRITE: "ask for approvals",
    Scope.APPROVALS_DECIDE: "decide approval requests",
    Scope.WEBHOOKS_MANAGE: "manage webhooks",
    Scope.AUDIT_READ: "read the audit trail",
    Scope.GATE_TUNE: "propose thresholds, refit and revert the calibration",
    Scope.FLAGS_EVALUATE: "ask what features answer (OFREP)",
    Scope.PILOTS_MANAGE: "switch, widen and roll back features",
    Scope.AGENTS_READ: "read agents and tools",
    Scope.AGENTS_MANAGE: "add, change and switch agents and tools",
    Scope.WORKFLOWS_READ: "read workflows and their runs",
    Scope.WORKFLOWS_WRITE: "define workflows, start, cancel and resume runs",
    Scope.TRUST_READ: "read recommendations, trust, patterns and learning cycles",
    Scope.TRUST_WRITE: "track recommendations, tell outcomes, start learning cycles",
    Scope.KNOWLEDGE_READ: "search what is indexed, read collections and documents",
    Scope.KNOWLEDGE_WRITE: "add, change and remove what is indexed",
    Scope.EMBEDDINGS_CREATE: "turn texts into vectors, alone and in batches",
    Scope.DRAFTS_READ: "read threads, drafts and their figures",
    Scope.DRAFTS_WRITE: "bring in mail, have drafts made and made anew",
    Scope.USAGE_READ: "read what calls to models took and cost",
}


class IssueKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {SCOPE_WORDS.get(scope, '')}") for scope in Scope],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the key may be used for. It cannot be changed later.",
    )

    class Meta:
        model = ApiKey
        fields = ["name", "scopes", "expires_at", "requests_per_minute", "requests_per_day"]

    def clean_expires_at(self) -> Any:
        moment = self.cleaned_data["expires_at"]
        if moment and moment <= timezone.now():
            raise forms.ValidationError("This moment has passed")
        return moment


@admin.register(ApiKey)
class ApiKeyAdmin(TenantAdmin):
    view_role = Role.ADMIN
    delete_role = None
    subject_name = "api_key"
    list_display = ["name", "prefix", "scopes_shown", "state", "last_used_at", "expires_at", "created_by"]
    list_select_related = ["created_by"]
    search_fields = ["name", "prefix"]
    readonly_fields = ["prefix", "scopes_shown", "state", "created_by", "created_at", "last_used_at", "revoked_at"]
    fieldsets = (
        (None, {"fields": ["name", "prefix", "scopes_shown", "state"]}),
        ("Limits", {"fields": ["expires_at", "requests_per_minute", "requests_per_day"]}),
        ("Use", {"fields": ["created_by", "created_at", "last_used_at", "revoked_at"]}),
    )
    add_fieldsets = (
        (None, {"fields": ["name", "scopes"]}),
        ("Limits", {"fields": ["expires_at", "requests_per_minute", "requests_per_day"]}),
    )
    actions_detail = ["revoke"]
    only_save = True

    @display(description="State", label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "active" if key.is_usable(timezone.now()) else "expired"

    @display(description="Scopes")
    def scopes_shown(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.readonly_fields) if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = IssueKeyForm
        return super().get_form(request, obj, change, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and getattr(obj, "revoked_at", None) is None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        key, whole = issue_key(
            business=Business.objects.get(pk=obj.business_id),
            by=request.user,  # type: ignore[arg-type]
            **{name: form.cleaned_data[name] for name in IssueKeyForm.Meta.fields},
        )
        obj.pk, obj.prefix, obj.whole, obj._state.adding = key.pk, key.prefix, whole, False

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key, this once: it goes into this answer and nowhere else."""
        context = {**self.admin_site.each_context(request), "title": "Key issued", "opts": self.opts, "key": obj}
        response = TemplateResponse(request, "accounts/key_issued.html", {**context, "whole": obj.whole})
        response["Cache-Control"] = "no-store"
        return response

    @action(description="Revoke", url_path="revoke", icon="block", permissions=["change"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, revoke on POST."""
        key = self.get_object(request, object_id)
        if key is None or not super().has_change_permission(request, key):
            raise PermissionDenied
        if request.method == "POST":
            try:
                revoke_key(key=key, by=request.user)  # type: ignore[arg-type]
                messages.success(request, f"{key} is revoked. It stops working within a second.")
            except StaleState as error:
                messages.warning(request, error.detail)
            return redirect("admin:accounts_apikey_changelist")
        context = {**self.admin_site.each_context(request), "title": f"Revoke {key}?", "opts": self.opts, "key": key}
        return TemplateResponse(request, "accounts/key_revoke.html", context)
