"""EDGE: the forms of the pages of workflows. What acts check comes back in their words, beside the field."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from apps.approvals.payload_fields import Field
from apps.core.errors import Invalid
from apps.workflows.states import Priority

MOST_GOAL = 20_000
MOST_CONTEXT = 60_000
_PRIORITIES = [(str(one.value), one.name.title()) for one in Priority]

# What the bare names of a configuration mean; the schema has the bounds.
HELP = {
    "agent": "The key of who does it; empty: whoever is trusted most for the type",
    "type": "The recommendation type that agents are asked for",
    "types": "The recommendation types that agents are asked for",
    "agents": "Of each type, those trusted most first; 0: all of them",
    "every_type": "A type that no agent gives ends the run; otherwise the others do",
    "barrier": "When the stage has passed: all done, the first few, a quorum, or what is done when the time is up",
    "need": "Answers that are enough",
    "seconds": "Time for one attempt",
    "stage_seconds": "Time for the whole stage, attempts and waits included",
    "attempts": "Tries of one agent at most",
    "rounds": "Times the work goes back to be improved",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a configuration as the page draws it. number: its place among all, for its id."""

    field: Field
    number: int
    help: str

    @property
    def is_wide(self) -> bool:
        return self.field.widget in ("json", "long")

    @property
    def suggestions(self) -> str:
        """The id of a list of what may be meant; "" for none."""
        return {"agent": "known-agents", "type": "known-types"}.get(self.field.path[-1] if self.field.path else "", "")


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    inputs: tuple[Input, ...]


def grouped(fields: Sequence[Field]) -> list[Group]:
    """The fields under the labels of the objects they belong to, "" for those at the top."""
    groups: dict[str, list[Input]] = {}
    for number, field in enumerate(fields):
        groups.setdefault(field.group, []).append(Input(field, number, _help(field)))
    return [Group(label, tuple(inputs)) for label, inputs in groups.items()]


def _help(field: Field) -> str:
    words = field.help or (HELP.get(field.path[-1], "") if field.path else "")
    low, high = field.schema.get("minimum"), field.schema.get("maximum")
    bounded = field.widget == "number" and low is not None and high is not None
    bounds = f"{_number(low)} to {_number(high)}" if bounded else ""  # type: ignore[arg-type]
    lines = "one a line" if field.widget == "lines" else ""
    empty = "may be empty" if "null" in field.schema.get("type", ()) else ""
    return "; ".join(filter(None, [words, bounds, lines, empty]))


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,}"


class StartForm(forms.Form):
    """What a run is started with by hand."""

    goal = forms.CharField(
        max_length=MOST_GOAL, label="Goal", widget=forms.Textarea(attrs={"rows": 3}), help_text="What is to be reached"
    )
    context = forms.CharField(
        max_length=MOST_CONTEXT,
        required=False,
        label="Context",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "gh-code", "placeholder": "{}"}),
        help_text='Facts the agents need, as a JSON object, such as {"customer": "Mill Books"}',
    )
    title = forms.CharField(max_length=200, required=False, label="Title", help_text="Empty: the beginning of the goal")
    priority = forms.ChoiceField(choices=_PRIORITIES, initial=str(Priority.NORMAL.value), label="Priority")

    def clean_context(self) -> dict[str, Any]:
        text = self.cleaned_data["context"].strip()
        try:
            found = json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise forms.ValidationError('An object is wanted, such as {"customer": "Mill Books"}')
        return found

    @property
    def run_title(self) -> str:
        """As typed, else the beginning of the goal."""
        return self.cleaned_data["title"] or " ".join(self.cleaned_data["goal"].split())[:200]

    @property
    def input(self) -> dict[str, Any]:
        """What the act is given."""
        return {"goal": self.cleaned_data["goal"], "context": self.cleaned_data["context"]}


class NameForm(forms.Form):
    """How a new workflow is called."""

    name = forms.CharField(max_length=120)
    key = forms.SlugField(max_length=60, help_text="How programs and goals name it; it stays")
    description = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class RenameForm(NameForm):
    """How a workflow is called from now on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["key"]


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=400, required=False)


def tell_errors(form: forms.Form, error: Invalid, *, under: Iterable[str] = ("input",)) -> None:
    """Put what an act found wrong beside its field, or on top where the form has no such field.

    under: what the dotted paths of the act begin with that the form does not.
    """
    for one in error.errors:
        parts = [part for part in one["field"].split(".") if part not in under]
        form.add_error(parts[0] if parts and parts[0] in form.fields else None, one["reason"])
