"""EDGE: agents and tools in the admin site."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from jsonschema import Draft202012Validator, SchemaError
from unfold.decorators import action

from apps.accounts.admin_base import TenantAdmin
from apps.accounts.principals import actor_of
from apps.agents.enlisting import enlist_agent, renew_secret
from apps.agents.models import Agent, Tool
from apps.core.errors import Invalid
from apps.core.outbound import check_url


class AgentForm(forms.ModelForm):
    def clean_url(self) -> str:
        try:
            return check_url(self.cleaned_data["url"])
        except Invalid as error:
            raise ValidationError(error.errors[0]["reason"]) from None


@admin.register(Agent)
class AgentAdmin(TenantAdmin):
    form = AgentForm
    list_display = ["name", "key", "url", "enabled", "is_demo", "timeout_seconds"]
    list_filter = ["enabled", "is_demo"]
    search_fields = ["name", "key", "url", "description"]
    fields = ["name", "key", "description", "url", "timeout_seconds", "enabled", "disabled_reason"]
    actions_detail = ["renew"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        chosen = {name: form.cleaned_data[name] for name in self.fields or ()}
        agent, secret = enlist_agent(business_id=obj.business_id, actor=actor_of(request.user), **chosen)  # type: ignore[arg-type]
        obj.pk, obj.shown_secret, obj._state.adding = agent.pk, secret, False

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show(request, obj, obj.shown_secret)

    @action(description="New signing secret", url_path="renew", icon="autorenew", permissions=["change"])
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, renew on POST."""
        agent = self.get_object(request, object_id)
        if agent is None or not self.has_change_permission(request, agent):
            raise PermissionDenied
        if request.method != "POST":
            context = {**self.admin_site.each_context(request), "title": "New signing secret", "agent": agent}
            return TemplateResponse(request, "agents/renew.html", context)
        return self._show(request, agent, renew_secret(agent=agent, actor=actor_of(request.user)))  # type: ignore[arg-type]

    def _show(self, request: HttpRequest, agent: Any, secret: str) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Signing secret", "agent": agent, "secret": secret}
        response = TemplateResponse(request, "agents/secret.html", context)
        response["Cache-Control"] = "no-store"
        return response


class ToolForm(forms.ModelForm):
    def clean_parameters(self) -> Any:
        schema = self.cleaned_data["parameters"]
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise ValidationError(f"Not a JSON Schema: {error.message}") from None
        if not isinstance(schema, dict) or schema.get("type", "object") != "object":
            raise ValidationError("The schema must be one of an object")
        return schema


@admin.register(Tool)
class ToolAdmin(TenantAdmin):
    form = ToolForm
    list_display = ["name", "description", "risk", "enabled"]
    list_filter = ["enabled"]
    search_fields = ["name", "description"]
    fields = ["name", "description", "parameters", "risk", "enabled"]
