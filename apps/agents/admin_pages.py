"""EDGE: what the pages of agents and tools have in common: one form a kind, the breaker, questions before acts."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action, display

from apps.accounts.admin_base import TenantAdmin
from apps.agents.models import Agent, Tool
from apps.agents.registering import close_breaker
from apps.core import breaking
from apps.core.breaking import Light, Standing

LIGHTS = {"on": "success", "off": "info", "failing": "danger", "trying again": "warning"}


class WithStandings(ChangeList):
    """The rows of one page know their breakers, asked for in one round trip."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        lights = breaking.standings([row.pk for row in rows])
        for row in rows:
            row.standing = lights[row.pk]
        self.result_list = rows


class KindAdmin(TenantAdmin):
    """Rows of several kinds: the kind is chosen before adding (?kind=) and stays."""

    kinds: ClassVar[list[tuple[str, str]]] = []
    change_form_before_template = "agents/kinds.html"
    actions_detail = ["try_out", "close"]
    actions = None
    only_save = True

    def kind_of(self, request: HttpRequest, obj: Any = None) -> str:
        asked = request.GET.get("kind", "")
        return obj.kind if obj else asked if asked in dict(self.kinds) else self.kinds[0][0]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.kind = self.kind_of(request, obj)
        return form

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        chosen = self.kind_of(request)
        tabs = [{"kind": kind, "title": title, "chosen": kind == chosen} for kind, title in self.kinds]
        return super().add_view(request, form_url, {**(extra_context or {}), "kind_tabs": tabs})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithStandings

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What refers to it is not counted one by one."""
        return [str(obj) for obj in objs], {}, set(), []

    @display(description="State", label=LIGHTS)
    def stands(self, row: Any) -> str:
        if not row.enabled:
            return "off"
        light = _standing(row).light
        return "on" if light is Light.CLOSED else "failing" if light is Light.OPEN else "trying again"

    @display(description="Last failure")
    def last_failure(self, row: Any) -> str:
        return _standing(row).last_words or "none"

    @display(description="State")
    def health(self, row: Any) -> str:
        return render_to_string("agents/health.html", {"row": row, "standing": _standing(row)})

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row that a person may change. Raises PermissionDenied."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_change_permission(request, row):
            raise PermissionDenied
        return row

    def ask(self, request: HttpRequest, row: Any, template: str = "agents/ask.html", **said: Any) -> HttpResponse:
        """A page that asks before something is done by POST. said: title, words, button, what the template needs."""
        back = reverse(f"admin:agents_{self.opts.model_name}_change", args=[row.pk])
        context = {**self.admin_site.each_context(request), "row": row, "back": back, "opts": self.opts, **said}
        return TemplateResponse(request, template, context)

    def back_to(self, request: HttpRequest, row: Any, words: str) -> HttpResponse:
        messages.success(request, words)
        return redirect(f"admin:agents_{self.opts.model_name}_change", row.pk)

    def shown(self, request: HttpRequest, object_id: Any) -> Any:
        """The row of this page, or None where it may not be changed: what offers an act asks for it again and again."""
        kept: dict[str, Any] = request.__dict__.setdefault("agents_shown", {})
        name = str(object_id)
        if name not in kept:
            row = self.get_object(request, name) if object_id else None
            kept[name] = row if row and self.has_change_permission(request, row) else None
        return kept[name]

    def has_close_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether there is a breaker to close; unfold asks with the id."""
        row = self.shown(request, obj)
        return row is not None and _standing(row).light is not Light.CLOSED

    @action(description="Call it again now", url_path="close-breaker", icon="play_arrow", permissions=["close"])
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask on GET, close the breaker on POST."""
        row: Agent | Tool = self.found(request, object_id)
        if request.method == "POST":
            close_breaker(owner=row, actor=self.principal(request).actor)
            return self.back_to(request, row, f"{row} is called again from now on.")
        words = (
            f"{row} kept failing and is left in peace. Call it again at once, without waiting for one call to find out?"
        )
        return self.ask(request, row, title="Call it again now", words=words, button="Call it again")


def _standing(row: Any) -> Standing:
    if not hasattr(row, "standing"):
        row.standing = breaking.standing(row.pk)
    found: Standing = row.standing
    return found
