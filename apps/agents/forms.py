"""EDGE: the forms that add and change agents and tools, with the fields of one kind."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.agents.acceptance import Errors, wrong_agent, wrong_tool
from apps.agents.asking_http import extra_headers
from apps.agents.entries import AGENTS, TOOLS, registered
from apps.agents.kinds import (
    AGENT_FIELDS,
    AGENT_NEEDS,
    MOST_AT_ONCE,
    MOST_SECONDS,
    TOOL_FIELDS,
    TOOL_NEEDS,
    AgentKind,
    ToolKind,
)
from apps.agents.models import Agent, Tool
from apps.approvals.admin_fields import LinesField
from apps.core.errors import Invalid
from apps.core.outbound import check_url

# What the acts call headers is entered in a field of its own, because what is kept is never shown.
ENTERED_AS = {"headers": "given_headers"}
_SECONDS = f"Seconds for everything together, 1 to {MOST_SECONDS}"


class HeadersField(forms.CharField):
    """Request headers, one a line as "Name: value"."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})
        super().__init__(widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]
        if any(":" not in line for line in lines):
            raise forms.ValidationError("One a line, such as X-Api-Key: abc")
        pairs = [(name.strip(), text.strip()) for name, _, text in (line.partition(":") for line in lines)]
        if len({name.lower() for name, _ in pairs}) < len(pairs):
            raise forms.ValidationError("A header is named twice")
        return dict(pairs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class TypesField(LinesField):
    """Short names, separated by commas or new lines."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget = UnfoldAdminTextInputWidget()

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return super().to_python(str(value or "").replace(",", "\n"))


class _KindForm(forms.ModelForm):
    """Knows its kind from the class: the page makes one for each. What the rules say goes beside the fields."""

    kind: ClassVar[str] = ""
    entries: ClassVar[str] = ""
    by_kind: ClassVar[Mapping[Any, tuple[str, ...]]] = {}
    needs: ClassVar[Mapping[Any, tuple[str, ...]]] = {}
    given_headers = HeadersField(
        label="Request headers",
        required=False,
        max_length=20_000,
        help_text="Sent with each request, one a line, such as X-Api-Key: abc. Kept encrypted and never shown again.",
    )
    drop_headers = forms.BooleanField(
        label="Send no headers of its own", required=False, widget=UnfoldBooleanSwitchWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.instance.kind = self.kind
        for name in self._of_other_kinds():
            self.fields.pop(name, None)
        if "price_per_call" in self.initial:
            self.initial["price_per_call"] = f"{self.initial['price_per_call'].normalize():f}"
        for name in self.needs.get(self.kind, ()):
            self.fields[name].required = True
        if "entry" in self.fields:
            self._offer_entries()
        self._tell_headers()

    def _of_other_kinds(self) -> set[str]:
        by_kind = {str(kind): {ENTERED_AS.get(name, name) for name in names} for kind, names in self.by_kind.items()}
        return {name for names in by_kind.values() for name in names} - by_kind[self.kind]

    def _offer_entries(self) -> None:
        names = sorted({*registered(self.entries), *filter(None, [self.instance.entry])})
        choices = [("", "Choose one" if names else "Nothing is registered"), *((name, name) for name in names)]
        self.fields["entry"] = forms.ChoiceField(
            label="Entry point",
            choices=choices,
            widget=UnfoldAdminSelectWidget,
            required=True,
            help_text="What this installation has registered, by its packages or settings",
        )

    def _tell_headers(self) -> None:
        names = sorted(extra_headers(self.instance.headers))
        if not names:
            self.fields.pop("drop_headers", None)
        elif "given_headers" in self.fields:
            kept = f"Set now: {', '.join(names)}. Leave empty to keep them; what is entered replaces all of them."
            self.fields["given_headers"].help_text = kept

    def values(self) -> dict[str, Any]:
        """What the acts are given: everything of a new row, of a changed one what has changed."""
        own = [name for name in self.cleaned_data if name not in ("given_headers", "drop_headers")]
        adding = self.instance._state.adding
        told = {name: self.cleaned_data[name] for name in own if adding or name in self.changed_data}
        if self.cleaned_data.get("drop_headers"):
            told["headers"] = {}
        elif self.cleaned_data.get("given_headers"):
            told["headers"] = self.cleaned_data["given_headers"]
        return told

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        checked = {name: value for name, value in given.items() if name not in ("given_headers", "drop_headers")}
        checked["headers"] = given.get("given_headers")
        for error in [*self.wrong(checked), *self._wrong_address(given.get("url"))]:
            name = ENTERED_AS.get(error["field"], error["field"])
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, error["reason"])
        return given

    def wrong(self, given: dict[str, Any]) -> Errors:
        raise NotImplementedError

    def _wrong_address(self, url: str | None) -> Errors:
        try:
            if url:
                check_url(url)
        except Invalid as error:
            return error.errors
        return []


class AgentForm(_KindForm):
    entries = AGENTS
    by_kind = AGENT_FIELDS
    needs = AGENT_NEEDS
    types = TypesField(
        label="Recommendation types",
        required=False,
        help_text="What workflows may ask it for, such as research, analysis. Empty: only what names it",
    )

    class Meta:
        model = Agent
        fields: ClassVar[list[str]] = [
            "name", "key", "description", "url", "model", "prompt", "entry", "types", "concurrency", "timeout_seconds",
            "price_per_call",
        ]  # fmt: skip
        help_texts = {
            "key": "How callers name it in agent_id. It stays as it is",
            "concurrency": f"How many calls it takes at once, 1 to {MOST_AT_ONCE}",
            "timeout_seconds": _SECONDS,
        }
        widgets = {"url": UnfoldAdminTextInputWidget(attrs={"type": "url"})}
        labels = {"concurrency": "Calls at once", "timeout_seconds": "Timeout", "price_per_call": "Price per call"}

    def wrong(self, given: dict[str, Any]) -> Errors:
        return wrong_agent(AgentKind(self.kind), given, new=False)


class ToolForm(_KindForm):
    entries = TOOLS
    by_kind = TOOL_FIELDS
    needs = TOOL_NEEDS
    returned = LinesField(
        label="Fields that come back",
        required=False,
        help_text="One a line, such as order.items.price; lists are gone through. Nothing else ever leaves the tool. "
        "* alone is everything.",
    )

    class Meta:
        model = Tool
        fields: ClassVar[list[str]] = [
            "name", "description", "parameters", "risk", "enabled", "url", "method", "remote_name", "entry", "returned",
            "timeout_seconds",
        ]  # fmt: skip
        help_texts = {
            "name": "How goals and workflows call it. It stays as it is",
            "timeout_seconds": _SECONDS,
            "url": "https://... Private addresses are refused",
            "method": "POST sends the arguments as JSON, GET in the address",
        }
        widgets = {"url": UnfoldAdminTextInputWidget(attrs={"type": "url"})}
        labels = {"parameters": "Arguments", "timeout_seconds": "Timeout"}

    def clean_parameters(self) -> Any:
        given = self.cleaned_data["parameters"]
        return {} if given is None else given

    def wrong(self, given: dict[str, Any]) -> Errors:
        named = given if self.instance._state.adding else {**given, "name": self.instance.name}
        return wrong_tool(ToolKind(self.kind), named, new=self.instance._state.adding)


def agent_fieldsets(kind: str, *, may_drop: bool) -> list[tuple[str | None, dict[str, Any]]]:
    """The fields of an agent of this kind, in the order of the page. may_drop: it has headers."""
    own = _entered(AGENT_FIELDS[AgentKind(kind)], may_drop=may_drop)
    return [
        (None, {"fields": ["name", "key", "description", *own]}),
        ("Work", {"fields": ["types", "concurrency", "timeout_seconds", "price_per_call"]}),
    ]


def tool_fieldsets(kind: str, *, may_drop: bool) -> list[tuple[str | None, dict[str, Any]]]:
    """The fields of a tool of this kind, in the order of the page. may_drop: it has headers."""
    own = _entered(TOOL_FIELDS[ToolKind(kind)], may_drop=may_drop)
    sets: list[tuple[str | None, dict[str, Any]]] = [
        (None, {"fields": ["name", "description", "parameters", "risk", "enabled"]})
    ]
    return [*sets, ("How it is used", {"fields": own})] if own else sets


def _entered(names: tuple[str, ...], *, may_drop: bool) -> list[str]:
    told = [ENTERED_AS.get(name, name) for name in names]
    return [*told, "drop_headers"] if "given_headers" in told and may_drop else told
