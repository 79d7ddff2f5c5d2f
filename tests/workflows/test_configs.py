"""Typed configurations: decoded over the defaults, refused by dotted path, told as JSON Schema, edited in a form."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from apps.approvals.payload_fields import Field
from apps.core.errors import Invalid
from apps.workflows.configs import (
    altered,
    check_input,
    decode,
    defaults,
    encode,
    form_fields,
    input_schema_of,
    read_form,
    schema_of,
)
from apps.workflows.patterns import PATTERNS
from apps.workflows.plans import Pattern
from tests.workflows.simulated import LIBRARY

MOVE = PATTERNS["move_creation"]
EACH = pytest.mark.parametrize("pattern", list(LIBRARY.values()), ids=list(LIBRARY))


def refused(act: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(Invalid) as found:
        act()
    (error,) = found.value.errors
    return error["field"], error["reason"]


@EACH
def test_the_defaults_are_a_configuration_and_come_back_as_they_went(pattern: Pattern) -> None:
    whole = defaults(pattern)
    assert encode(decode(pattern, whole)) == whole == encode(decode(pattern, {}))
    assert pattern.problem_of(pattern.Config()) is None


@EACH
def test_the_schema_holds_for_the_defaults_and_has_no_references(pattern: Pattern) -> None:
    schema = schema_of(pattern)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(defaults(pattern), schema)
    jsonschema.validate({}, schema)
    assert "$ref" not in str(schema) and "$defs" not in schema
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"nope": 1}, schema)


@EACH
def test_the_schema_of_the_input_wants_a_goal(pattern: Pattern) -> None:
    schema = input_schema_of(pattern)
    jsonschema.validate({"goal": "x", "context": {"a": 1}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"context": {}}, schema)


def test_each_value_of_the_schema_has_its_own_default() -> None:
    schema = schema_of(MOVE)["properties"]
    assert schema["research"]["properties"]["types"]["default"] == ["research", "analysis"]
    assert schema["strategy"]["properties"]["types"]["default"] == ["strategy"]
    assert schema["budget_usd"]["type"] == ["number", "null"] and schema["budget_usd"]["default"] is None


def test_what_is_left_out_of_an_object_has_the_default_of_that_object() -> None:
    config: Any = decode(MOVE, {"review": {"agents": 4}})
    assert (config.review.agents, config.review.types, config.review.every_type) == (4, ("review",), False)


def test_a_list_and_a_free_object_are_taken_whole() -> None:
    bugs = PATTERNS["bug_fix"]
    before = encode(decode(bugs, {"test": {"tool": "t", "arguments": {"a": 1}}}))
    after = altered(bugs, before, {"test": {"arguments": {"b": 2}}, "fix": {"types": ["other"]}})
    assert after["test"]["arguments"] == {"b": 2} and after["test"]["tool"] == "t"
    assert after["fix"]["types"] == ["other"] and after["fix"]["agents"] == before["fix"]["agents"]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ([], "config", "Expected an object"),
        (None, "config", "Expected an object"),
        ({"nope": 1}, "config.nope", "There is no such field"),
        ({"research": None}, "config.research", "Expected `object`, got `null`"),
        ({"research": {"nope": 1}}, "config.research.nope", "There is no such field"),
        ({"research": {"agents": -1}}, "config.research.agents", "Expected `int` >= 0"),
        ({"research": {"agents": 2.5}}, "config.research.agents", "Expected `int`, got `float`"),
        ({"research": {"types": ["a", "a"]}}, "config.research.types", "Each type once"),
        ({"research": {"need": 7}}, "config.research.need", "Only 6 agents are asked"),
        ({"research": {"barrier": "first", "need": 0}}, "config.research.need", "At least 1 for the rule first"),
        ({"horizon_days": 0}, "config.horizon_days", "Expected `int` >= 1"),
        ({"tone": "\ud800"}, "config", "Holds something that JSON cannot say, or a character that cannot be stored"),
        (
            {"tone": float("nan")},
            "config",
            "Holds something that JSON cannot say, or a character that cannot be stored",
        ),
        ({"tone": "\x00"}, "config", "The null character cannot be stored"),
    ],
)
def test_it_names_the_field_by_its_path(given: Any, field: str, words: str) -> None:
    assert refused(lambda: decode(MOVE, given)) == (field, words)


def test_a_null_character_written_out_is_text() -> None:
    config: Any = decode(MOVE, {"tone": "\\u0000"})
    assert config.tone == "\\u0000"


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert refused(lambda: decode(PATTERNS["bug_fix"], {"test": {"arguments": deep}}))[0] == "config"


def test_patterns_refuse_what_does_not_go_together() -> None:
    refactoring = PATTERNS["refactoring"]
    assert refused(lambda: decode(refactoring, {"revert": "undo"}))[0] == "config.revert"
    assert refused(lambda: decode(refactoring, {"confirm": {"tool": "ci"}}))[0] == "config.confirm.tool"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("x", "input"),
        ({}, "input.goal"),
        ({"goal": " "}, "input.goal"),
        ({"goal": "x", "context": None}, "input.context"),
        ({"goal": "x", "context": {"a": "y" * 300_000}}, "input"),
    ],
)
def test_it_names_what_is_wrong_with_an_input(given: Any, field: str) -> None:
    assert refused(lambda: check_input(MOVE, given))[0] == field


def sent_of(fields: tuple[Field, ...], **changed: str | None) -> Callable[[str], str | None]:
    """What the form sends when somebody changes these (by path with __ between)."""
    texts: dict[str, str | None] = {
        one.name: (("on" if one.checked else None) if one.widget == "check" else one.text) for one in fields
    }
    texts |= {f"p/{name.replace('__', '/')}": text for name, text in changed.items()}
    return texts.get


@EACH
def test_a_form_that_nobody_touches_sends_the_same_configuration(pattern: Pattern) -> None:
    config = defaults(pattern)
    read, fields = read_form(pattern, config, sent_of(form_fields(pattern, config)))
    assert read == config and not any(one.error for one in fields)
    assert all(one.label for one in fields) and len(fields) > 1


def test_a_form_sends_what_was_changed_in_it() -> None:
    config = defaults(MOVE)
    sent = sent_of(form_fields(MOVE, config), research__agents="5", channels="mail\npost", person__when="always",
                   budget_usd="12.5", research__every_type=None)  # fmt: skip
    read, fields = read_form(MOVE, config, sent)
    assert not [(one.path, one.error) for one in fields if one.error]
    assert (read["research"]["agents"], read["channels"], read["person"]["when"]) == (5, ["mail", "post"], "always")
    assert (read["budget_usd"], read["research"]["every_type"]) == (12.5, False)


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"research__agents": "many"}, ("research", "agents")),
        ({"research__agents": "99"}, ("research", "agents")),
        ({"research__need": "9"}, ("research", "need")),
        ({"research__types": "Not A Type"}, ("research", "types")),
        ({"min_quality": "101"}, ("min_quality",)),
    ],
)
def test_a_form_says_beside_the_field_what_is_wrong(changed: dict[str, str], path: tuple[str, ...]) -> None:
    config = defaults(MOVE)
    _, fields = read_form(MOVE, config, sent_of(form_fields(MOVE, config), **changed))
    assert [one.path for one in fields if one.error] == [path]
