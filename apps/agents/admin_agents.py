"""EDGE: agents in the admin site."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action, display

from apps.accounts.admin_base import refusals_told
from apps.agents.admin_pages import KindAdmin
from apps.agents.enlisting import change_agent, enlist_agent, renew_secret
from apps.agents.forms import AgentForm, agent_fieldsets
from apps.agents.kinds import AgentKind
from apps.agents.models import Agent
from apps.agents.switching import LONGEST_REASON, disable_agent, enable_agent
from apps.agents.trying import MOST_SECONDS, try_agent


@admin.register(Agent)
class AgentAdmin(KindAdmin):
    """Who carries work out. The signing secret is shown when an agent is added and when a new one is made."""

    form = AgentForm
    kinds = AgentKind.choices()
    list_display = ["name", "key", "sort", "gives", "stands", "last_failure", "at_once", "timeout"]
    list_filter = ["kind", "enabled", "is_demo"]
    search_fields = ["name", "key", "url", "description"]
    actions_detail = ["try_out", "close", "renew", "disable", "enable"]

    @display(description="Kind", ordering="kind")
    def sort(self, agent: Agent) -> str:
        return agent.get_kind_display()

    @display(description="Types")
    def gives(self, agent: Agent) -> str:
        return ", ".join(agent.types) or "any"

    @display(description="At once", ordering="concurrency")
    def at_once(self, agent: Agent) -> int:
        return agent.concurrency

    @display(description="Timeout", ordering="timeout_seconds")
    def timeout(self, agent: Agent) -> str:
        return f"{agent.timeout_seconds} s"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["health", "sort", "key"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets = agent_fieldsets(self.kind_of(request, obj), may_drop=bool(obj and obj.headers))
        return [(None, {"fields": ["health", "sort"]}), *sets] if obj else sets

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor = self.principal(request).actor
        if change:
            change_agent(agent_id=obj.pk, actor=actor, **form.values())
            return
        agent, secret = enlist_agent(business_id=obj.business_id, actor=actor, kind=form.kind, **form.values())
        obj.pk, obj.shown_secret, obj._state.adding = agent.pk, secret, False

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        if obj.shown_secret:
            return self._show(request, obj, obj.shown_secret)
        return self.back_to(request, obj, f"{obj} was taken on.")

    @action(description="Try it", url_path="try", icon="science", permissions=["change"])
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, call on POST and show what came of it."""
        agent = self.found(request, object_id)
        trial = try_agent(agent=agent, actor=self.principal(request).actor) if request.method == "POST" else None
        words = (
            f"Send {agent} one piece of work that says it is a trial and asks it to change nothing? "
            f"This page waits for the answer, {min(MOST_SECONDS, agent.timeout_seconds):g} seconds at most."
        )
        return self.ask(request, agent, "agents/try.html", title=f"Try {agent}", words=words, trial=trial)

    def has_renew_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        agent = self.shown(request, obj)
        return agent is not None and agent.kind == AgentKind.HTTP

    def has_disable_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        agent = self.shown(request, obj)
        return agent is not None and agent.enabled

    def has_enable_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        agent = self.shown(request, obj)
        return agent is not None and not agent.enabled

    @action(description="New signing secret", url_path="renew", icon="autorenew", permissions=["renew"])
    @refusals_told
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, renew on POST."""
        agent = self.found(request, object_id)
        if request.method == "POST":
            return self._show(request, agent, renew_secret(agent=agent, actor=self.principal(request).actor))
        words = f"Give {agent} a new signing secret? The old one stops working at once."
        return self.ask(request, agent, title="New signing secret", words=words, button="Make a new secret")

    @action(description="Disable", url_path="disable", icon="block", permissions=["disable"])
    @refusals_told
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason on GET, disable on POST."""
        agent = self.found(request, object_id)
        if request.method == "POST":
            actor, reason = self.principal(request).actor, request.POST.get("reason", "")
            changed = disable_agent(agent_id=agent.pk, reason=reason, by="person", actor=actor)
            words = f"{agent} is given no more work." if changed else f"{agent} was off already."
            return self.back_to(request, agent, words)
        words = f"Give {agent} no more work? What it has already taken on may still end."
        said: dict[str, Any] = {"title": f"Disable {agent}", "button": "Disable", "longest": LONGEST_REASON}
        return self.ask(request, agent, words=words, reason_asked=True, **said)

    @action(description="Enable", url_path="enable", icon="check_circle", permissions=["enable"])
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, enable on POST."""
        agent = self.found(request, object_id)
        if request.method == "POST":
            enable_agent(agent_id=agent.pk, actor=self.principal(request).actor)
            return self.back_to(request, agent, f"{agent} is given work again.")
        words = f"Give {agent} work again? It was disabled: {agent.disabled_reason or 'no reason given'}."
        return self.ask(request, agent, title=f"Enable {agent}", words=words, button="Enable")

    def _show(self, request: HttpRequest, agent: Any, secret: str) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Signing secret", "agent": agent, "secret": secret}
        response = TemplateResponse(request, "agents/secret.html", context)
        response["Cache-Control"] = "no-store"
        return response
