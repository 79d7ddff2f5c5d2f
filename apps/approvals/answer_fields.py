"""RULE: the questions of a request as typed form fields, and the answers read back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.approvals.payload_fields import Field, fields_of
from apps.approvals.payload_reading import Sent, read_payload

PREFIX = "a"

_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"enum": [True, False]},
    "date": {"type": "string", "format": "date"},
    "list": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object"},
}


def answer_fields(questions: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    """One empty input a question. A question is {field, question, type or expected, why, options, required}."""
    return tuple(_field(question) for question in questions)


def read_answers(fields: tuple[Field, ...], sent: Sent) -> tuple[dict[str, Any], tuple[Field, ...]]:
    """The answers given, by field, and the inputs as filled in with their errors. An open question has no key."""
    answers, seen = {}, []
    for field in fields:
        value, (filled,) = read_payload((field,), {}, {}, sent)
        if not filled.error and not value and field.required:
            filled = replace(filled, error="Please answer this")
        answers.update(value)
        seen.append(filled)
    return answers, tuple(seen)


def _field(question: Mapping[str, Any]) -> Field:
    name, kind = str(question.get("field", "")), str(question.get("type") or question.get("expected") or "text")
    options = question.get("options") or ()
    schema = {"enum": list(options)} if options else _SCHEMAS.get(kind, {"type": "string"})
    (field,) = fields_of({}, {"properties": {name: schema}})
    return replace(
        field,
        prefix=PREFIX,
        label=str(question.get("question") or field.label),
        help=str(question.get("why") or ""),
        widget="long" if kind == "text" and not options else field.widget,
        required=bool(question.get("required", True)),
    )
