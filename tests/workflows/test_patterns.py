"""The pattern library: whatever agents answer, every plan holds; and each pattern decides as it says it does."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import NotFound
from apps.workflows.configs import decode
from apps.workflows.patterns import PATTERNS, pattern_of
from apps.workflows.patterns.asking import Asking, step_key
from apps.workflows.patterns.limits import LONGEST_STEP_KEY, MOST_STEPS
from apps.workflows.plans import Barrier, Candidate, Impossible, Situation, StepPlan
from apps.workflows.states import StepKind
from tests.workflows.simulated import FAILED, LIBRARY, Simulated, candidates, run

ALL = sorted(LIBRARY)
KNOWN: dict[str, Any] = {"low": 0.9, "expected": 0.95, "enough": True}
SHAPES = [
    "findings", "sections", "cases", "criteria", "parts", "ratings", "verdicts", "value", "passed", "correct", "text",
    "patch", "coverage", "gaps", "steps", "reproduced", "lines_changed", "quality", "title", "f1", "changes_public_api",
]  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
)
CONTENTS = st.recursive(
    SCALARS | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(SHAPES) | st.text(max_size=5), inner),
    max_leaves=12,
)


def drive(name: str, answers: Any, config: Mapping[str, Any] | None = None, **more: Any) -> Simulated:
    pattern = pattern_of(name)
    return run(pattern, decode(pattern, config or {}), answers, **more)


def by_stage(table: Mapping[str, Any]) -> Any:
    """Answers by stage, by stage.agent, or by stage.key; a person lets everything through; else a text."""

    def answer(stage: str, step: StepPlan) -> Any:
        if step.kind is StepKind.PERSON:
            return table.get(stage)
        for name in (f"{stage}.{step.key}", f"{stage}.{step.does}", stage):
            if name in table:
                return table[name]
        return "Something"

    return answer


def quality(amount: float) -> Any:
    def rate(step: StepPlan) -> dict[str, Any]:
        return {"ratings": {ref: {"quality": amount, "feedback": "so it is"} for ref in step.input["to_rate"]}}

    return rate


def rated(answers: Any, **qualities: float) -> Any:
    """Critics give the qualities by agent, else 80."""

    def answer(stage: str, step: StepPlan) -> Any:
        if "to_rate" not in step.input:
            return answers(stage, step)
        marks = {
            ref: {"quality": qualities.get(ref.split(".")[-1].split("/")[-1], 80)} for ref in step.input["to_rate"]
        }
        return {"ratings": marks, "missing": "A date"}

    return answer


# What holds of every pattern.


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    data=st.data(), agents=st.sampled_from([("a",), ("a", "b"), tuple(f"agent-{n:02}-{'x' * 49}" for n in range(7))])
)
def test_whatever_agents_answer_plans_hold_and_results_are_json(name: str, data: Any, agents: tuple[str, ...]) -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        return data.draw(CONTENTS | st.just(FAILED)) if step.kind is not StepKind.PERSON else data.draw(CONTENTS)

    found = drive(name, answer, agents=agents)
    pattern, config = pattern_of(name), PATTERNS[name].Config()
    for stage, plan in found.plans.items():
        keys = [step.key for step in plan.steps]
        assert 0 < len(keys) == len(set(keys)) <= MOST_STEPS
        assert all(0 < len(key) <= LONGEST_STEP_KEY for key in keys) and len(stage) <= 20
        assert all(len(step.type) <= 40 and len(step.does) <= 64 for step in plan.steps)
        assert 0 <= plan.need <= len(keys)
        json.dumps([step.input for step in plan.steps], allow_nan=False)
    json.dumps(found.result, allow_nan=False)
    ratings, whole = found.ratings or ((), None)
    done = {f"{one.stage}/{one.key}" for one in found.situation.results}
    assert all(0 <= one.quality <= 100 and one.step in done for one in ratings)
    assert len({one.step for one in ratings}) == len(ratings)
    assert whole is None or 0 <= whole <= 100
    for stage, plan in found.plans.items():
        before = _until(found.situation, stage, pattern.outline(config))
        assert _planned(pattern, config, stage, before) == plan, "the same situation gives the same plan"


def _until(situation: Situation, stage: str, outline: Any) -> Situation:
    order = [one.key for one in outline]
    earlier = order[: order.index(stage)]
    return msgspec.structs.replace(situation, results=tuple(r for r in situation.results if r.stage in earlier))


def _planned(pattern: Any, config: Any, stage: str, situation: Situation) -> Any:
    try:
        return pattern.plan(config, stage, situation)
    except Impossible as why:
        return str(why)


@pytest.mark.parametrize("name", ALL)
def test_with_no_agents_it_says_which_type_is_missing(name: str) -> None:
    pattern = pattern_of(name)
    found = run(pattern, pattern.Config(), by_stage({}), by_type={})
    assert found.impossible.startswith("No agent that may be asked gives recommendations of the type "), found
    first = next(stage for stage in pattern.outline(pattern.Config()) if stage.types and stage.key != "reproduce")
    assert first.types[0] in found.impossible


@pytest.mark.parametrize("name", ALL)
def test_one_agent_that_does_everything_is_enough_to_get_somewhere(name: str) -> None:
    sensible = {
        "propose": {"patch": "x"}, "try": {"value": 1}, "measure": {"value": 10.0}, "plan": {"cases": ["One case"]},
        "requirements": {"criteria": ["It adds"]}, "outline": {"sections": ["One", "Two"]},
    }  # fmt: skip
    config = {} if name == "single" else {"person": "always" if name == "code_review" else {"when": "always"}}
    found = drive(name, by_stage(sensible), config, agents=("only",), **KNOWN)
    assert not found.impossible and found.result
    assert not any(rating.quality and rating.feedback == "so it is" for rating in found.ratings[0])


@pytest.mark.parametrize("name", ALL)
def test_with_fifty_agents_and_huge_answers_the_bodies_stay_in_bounds(name: str) -> None:
    everybody = [f"agent-{n:02}" for n in range(50)]
    pattern = pattern_of(name)
    config = msgspec.structs.replace(pattern.Config(), **_all_asked(pattern.Config()))
    huge = {"value": 5.0, "text": "lorem " * 20_000, "cases": ["a", "b"], "sections": ["S"], "criteria": ["c"]}
    found = run(pattern, config, by_stage(dict.fromkeys(_stages(pattern, config), huge)), agents=everybody, **KNOWN)
    assert not found.impossible, found.impossible
    for plan in found.plans.values():
        assert len(plan.steps) <= MOST_STEPS
        assert all(len(json.dumps(step.input)) < 1_200_000 for step in plan.steps)


def _stages(pattern: Any, config: Any) -> list[str]:
    return [stage.key for stage in pattern.outline(config)]


def _all_asked(config: Any) -> dict[str, Any]:
    return {
        field.name: msgspec.structs.replace(getattr(config, field.name), agents=0)
        for field in msgspec.structs.fields(config)
        if isinstance(getattr(config, field.name), Asking)
    }


@pytest.mark.parametrize("name", ALL)
def test_every_body_says_what_it_is_about(name: str) -> None:
    found = drive(name, by_stage({}), agents=("a", "b", "c"), **KNOWN)
    asked = [step for plan in found.plans.values() for step in plan.steps if step.kind is StepKind.AGENT]
    assert asked
    for step in asked:
        body = step.input
        assert body["goal"] == "Do it" and body["context"] == {"a": 1} and len(body["instruction"]) > 20
        assert (body["pattern"], body["task"], body["step"]) == (name, step.type, step.key)


def test_patterns_differ_in_stages_and_words() -> None:
    outlines = {tuple(stage.key for stage in one.outline(one.Config())) for one in LIBRARY.values()}
    assert len(outlines) == len(LIBRARY) == 9
    with pytest.raises(NotFound):
        pattern_of("nothing")


def test_step_keys_stay_apart_however_long_they_are() -> None:
    long = "a" * 60
    keys = {step_key("s1", "t" * 40, long), step_key("s2", "t" * 40, long), step_key("s1", "t" * 40, long + "b")}
    assert len(keys) == 3 and all(len(key) == LONGEST_STEP_KEY for key in keys)


# Whom a stage asks.


def test_it_asks_those_trusted_most_and_no_more_than_are_there() -> None:
    found = drive("move_creation", by_stage({}), {"research": {"agents": 2, "need": 2}}, agents=("x", "y", "z"))
    research = found.plans["research"]
    assert [step.key for step in research.steps] == ["research.x", "research.y", "analysis.x", "analysis.y"]
    assert (research.barrier, research.need) == (Barrier.QUORUM, 2)
    alone = drive("move_creation", by_stage({}), {"strategy": {"need": 3}}, agents=("x",)).plans["strategy"]
    assert (len(alone.steps), alone.need) == (1, 1)


def test_a_type_that_nobody_gives_ends_the_run_unless_the_others_will_do() -> None:
    able = {"research": [Candidate(key="x", name="X", types=())], "strategy": [Candidate(key="x", name="X", types=())]}
    assert "analysis" in drive("move_creation", by_stage({}), by_type=able).impossible
    lax = {"research": {"every_type": False}}
    assert [s.key for s in drive("move_creation", by_stage({}), lax, by_type=able).plans["research"].steps] == [
        "research.x"
    ]


# Single.


def test_single_sends_the_body_as_it_is_and_gives_the_whole_content() -> None:
    given = {"body": {"goal": "Refund", "tools": []}, "work_id": "w"}
    found = drive("single", by_stage({"work": {"any": 1}}), {"agent": "echo"}, given=given)
    (step,) = found.plans["work"].steps
    assert (step.key, step.does, step.input, step.timeout_seconds) == ("goal", "echo", given["body"], None)
    assert found.result == {"any": 1}
    assert drive("single", by_stage({}), {}, agents=("best", "other")).plans["work"].steps[0].does == "best"


# Move creation.


def test_a_move_is_the_strategy_its_reviewers_rate_best() -> None:
    answers = rated(
        by_stage({"strategy.ann": {"move": "A"}, "strategy.ben": {"move": "B"}, "strategy.cid": "C"}), ben=95
    )
    found = drive("move_creation", answers, **KNOWN)
    assert (found.result["move"], found.result["by"], found.result["quality"]) == ({"move": "B"}, "ben", 95.0)
    assert found.result["missing"] == ["A date"] and len(found.result["research"]) == 6
    ratings = {one.step: one.quality for one in found.ratings[0]}
    assert ratings["strategy/ben"] == 95 and ratings["research/research.ann"] == 80 and found.ratings[1] == 95.0


def test_nobody_rates_an_answer_of_their_own() -> None:
    found = drive("move_creation", rated(by_stage({})), agents=("ann", "ben"), **KNOWN)
    for step in found.plans["review"].steps:
        assert step.input["to_rate"] and not any(ref.endswith(f"{step.does}") for ref in step.input["to_rate"])

    def vain(stage: str, step: StepPlan) -> Any:
        return {"ratings": {f"strategy/{step.does}": 100}} if stage == "review" else "Something"

    assert drive("move_creation", vain, agents=("ann", "ben"), **KNOWN).ratings == ((), None)


def test_a_weak_move_is_revised_with_what_was_found_wanting() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        if stage == "revision-1":
            return f"Better than {step.input['draft']} for {step.input['feedback']}"
        amount = 90 if stage == "review-2" else 30
        return quality(amount)(step) if stage.startswith("review") else "Draft"

    found = drive("move_creation", answer, {"rounds": 2, "person": {"when": "never"}}, **KNOWN)
    assert "revision-1" in found.plans and "revision-2" not in found.plans
    assert found.result["move"].startswith("Better than Draft for ['so it is'") and found.result["quality"] == 90


def test_a_revision_that_fails_leaves_what_was_there() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        if stage == "revision-1":
            return FAILED
        return quality(30)(step) if "to_rate" in step.input else "Draft"

    found = drive("move_creation", answer, {"person": {"when": "never"}}, **KNOWN)
    assert found.result["move"] == "Draft" and found.plans["revision-1"].need == 0


@pytest.mark.parametrize(
    ("config", "known", "words"),
    [
        ({}, {"low": 0.9, "enough": True}, "states no confidence"),
        ({"person": {"min_confidence": 0}}, {}, "Too little is known of"),
        ({"person": {"min_confidence": 0}}, {"low": 0.3, "enough": True}, "may be as low as 0.30, below 0.50"),
        ({"person": {"min_confidence": 0, "min_agreement": 0.9}}, KNOWN, "Agents disagree"),
        ({"person": {"min_confidence": 0}, "min_quality": 90, "rounds": 0}, KNOWN, "is rated 80 of 100, less than 90"),
    ],
)
def test_a_person_is_asked_for_a_reason_in_words(config: Any, known: Any, words: str) -> None:
    answers = rated(
        by_stage({"strategy.ann": "One thing", "strategy.ben": "Other matters", "strategy.cid": "Third way"})
    )
    (step,) = drive("move_creation", answers, config, **known).plans["approval"].steps
    assert step.kind is StepKind.PERSON and any(words in why for why in step.input["why"]), step.input["why"]
    assert set(step.input["judges"]) == set(step.input["payload"]["recommendations"])
    assert len(step.input["judges"]) == 9


def test_a_sure_and_trusted_move_needs_nobody_unless_somebody_is_always_asked() -> None:
    answers = rated(by_stage({"strategy": {"move": "A", "confidence": 0.9}}))
    assert "approval" not in drive("move_creation", answers, **KNOWN).plans
    always = drive("move_creation", answers, {"person": {"when": "always"}}, **KNOWN)
    assert always.plans["approval"].steps[0].input["why"] == ["A person is always asked"]
    assert always.result["decided_by_person"] is True


def test_what_a_person_drops_or_edits_is_dropped_or_edited_in_the_package() -> None:
    kept = {"recommendations": {"strategy/ben": "Edited", "research/research.ann": "Also edited"}}
    answers = rated(by_stage({"approval": kept}), ann=99)
    found = drive("move_creation", answers, {"person": {"when": "always"}}, **KNOWN)
    assert (found.result["move"], found.result["step"]) == ("Edited", "strategy/ben")
    assert [one["content"] for one in found.result["research"]] == ["Also edited"]
    nothing = drive("move_creation", rated(by_stage({"approval": {}})), {"person": {"when": "always"}}, **KNOWN)
    assert (nothing.result["move"], nothing.result["research"]) == (None, [])


def test_what_is_set_is_said_to_agents() -> None:
    config = {"audience": "gardeners", "channels": ["mail", "post"], "budget_usd": 500, "rules": "No discounts."}
    words = drive("move_creation", by_stage({}), config).plans["strategy"].steps[0].input["instruction"]
    for part in ("gardeners", "mail, post", "500 USD", "30 days", "No discounts."):
        assert part in words


def test_who_agreed_is_told() -> None:
    same = by_stage(
        {"strategy.ann": "Sell chairs by mail", "strategy.ben": "sell chairs, by MAIL", "strategy.cid": "No"}
    )
    groups = drive("move_creation", same, **KNOWN).result["consensus"]["strategy"]
    assert [(one["agents"], round(one["share"], 2)) for one in groups] == [(["ann", "ben"], 0.67), (["cid"], 0.33)]


# Code review.

HOLE = {"file": "a.py", "line": 10, "severity": "critical", "message": "SQL is built from user input"}
SAME = {"file": "a.py", "line": 11, "severity": "high", "message": "SQL built from the user input"}
NIT = {"file": "b.py", "line": 3, "severity": "low", "message": "The name misleads"}


def test_findings_that_mean_the_same_are_one_and_the_worst_severity_counts() -> None:
    table = {"inspect.security.ann": {"findings": [HOLE]}, "inspect.security.ben": [SAME], "inspect": {"findings": []},
             "inspect.correctness.ann": {"findings": [NIT, "junk", None, 7]}}  # fmt: skip
    found = drive("code_review", by_stage(table), {"person": "never", "aspects": ["security", "correctness"]})
    first = found.result["findings"][0]
    assert found.result["verdict"] == "block" and first["severity"] == "critical"
    assert len(first["found_by"]) == 2 or first["found_by"]


def test_a_finding_that_others_refute_does_not_stand_and_tells_of_its_finder() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        if stage == "inspect":
            return {"findings": [HOLE, NIT]} if step.does == "ann" else {"findings": [NIT]}
        told = step.input["findings"]
        return {"verdicts": {key: "refute" if one["file"] == "a.py" else "confirm" for key, one in told.items()}}

    agents = {
        "code_review": [Candidate(key=key, name=key, types=(), **KNOWN) for key in ("ann", "ben")],
        "review": [Candidate(key="eve", name="Eve", types=(), **KNOWN)],
    }
    config = {"aspects": ["security"], "person": "unsure"}
    found = drive("code_review", answer, config, by_type=agents)
    assert found.result["verdict"] == "comment" and found.result["refuted"] == 1 and "approval" not in found.plans
    ratings = {one.step: one.quality for one in found.ratings[0]}
    assert ratings == {"inspect/security.ann": pytest.approx(66.67, abs=0.01), "inspect/security.ben": 100.0}


def test_what_would_block_and_nobody_has_judged_goes_before_a_person() -> None:
    agents = {"code_review": [Candidate(key="ann", name="Ann", types=())]}
    table = {"inspect": {"findings": [HOLE]}, "approval": {"recommendations": {}}}
    found = drive("code_review", by_stage(table), {"aspects": ["security"], "each": 1}, by_type=agents)
    assert "nobody else has judged: 1" in found.plans["approval"].steps[0].input["why"][0]
    assert (found.result["verdict"], found.result["findings"]) == ("approve", [])


def test_the_severity_that_blocks_is_a_setting() -> None:
    def verdict(blocks_at: str) -> str:
        config = {"person": "never", "blocks_at": blocks_at}
        found: str = drive("code_review", by_stage({"inspect": {"findings": [NIT]}}), config).result["verdict"]
        return found

    assert (verdict("low"), verdict("medium")) == ("block", "comment")


# Bug fix.


def test_of_several_fixes_the_one_that_passes_its_checks_goes_on() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        if stage == "fix":
            return {"patch": step.does}
        if stage == "verify":
            return {"passed": step.input["to_check"]["patch"] == "cid", "why": "tried it"}
        return "It is in a.py"

    found = drive("bug_fix", answer, {"person": {"when": "never"}, "rounds": 0}, **KNOWN)
    assert (found.result["by"], found.result["passed"], found.result["checks"]) == ("cid", 1.0, 2)
    assert {one.step: one.quality for one in found.ratings[0]} == {"fix/ann": 0.0, "fix/ben": 0.0, "fix/cid": 100.0}
    for step in found.plans["verify"].steps:
        assert step.input["candidate"] != f"fix/{step.does}", "nobody checks a fix of their own"
    assert found.result["location_agreement"] == 1.0


def test_while_none_passes_new_fixes_are_made_with_what_failed() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        if stage.startswith("verify"):
            return {"passed": stage == "verify-2", "why": "the test still fails"}
        return {"patch": stage}

    found = drive("bug_fix", answer, {"person": {"when": "never"}}, **KNOWN)
    again = found.plans["fix-2"].steps[0].input
    assert again["failed_before"][0]["failures"] == ["the test still fails"] and "did not pass" in again["instruction"]
    assert found.result["fix"] == {"patch": "fix-2"}
    passed = drive("bug_fix", by_stage({"verify": True}), **KNOWN)
    assert "fix-2" not in passed.plans


def test_a_fix_that_nobody_could_check_is_not_let_through_without_a_person() -> None:
    able = {type_: [Candidate(key="ann", name="Ann", types=(), **KNOWN)] for type_ in ("localisation", "bug_fix")}
    never = drive("bug_fix", by_stage({}), {"person": {"when": "never"}}, by_type=able)
    assert never.impossible == "Nobody else has checked the fix, and no person is asked"
    asked = drive("bug_fix", by_stage({}), by_type=able)
    assert "Nobody else has checked the fix" in asked.plans["approval"].steps[0].input["why"]


def test_a_bug_that_must_be_seen_and_is_not_ends_the_run() -> None:
    config = {"require_reproduction": True}
    assert "reproduce" in drive("bug_fix", by_stage({"reproduce": {"reproduced": False}}), config).impossible
    assert not drive("bug_fix", by_stage({"reproduce": {"reproduced": True}}), config).impossible


def test_a_tool_checks_fixes_where_one_is_set() -> None:
    config = {
        "test": {"tool": "run_tests", "arguments": {"suite": "all"}, "passes": "diff"},
        "rounds": 0,
        "person": {"when": "never"},
    }

    def answer(stage: str, step: StepPlan) -> Any:
        if step.kind is StepKind.TOOL:
            return {"exit_code": 0 if step.input["diff"] == "good" else 1}
        return {"patch": "good" if step.does == "ben" else "bad"}

    found = drive("bug_fix", answer, config, **KNOWN)
    steps = found.plans["verify"].steps
    assert [(s.kind, s.does, s.input) for s in steps[:1]] == [
        (StepKind.TOOL, "run_tests", {"suite": "all", "diff": "bad"})
    ]
    assert found.result["by"] == "ben"


# Refactoring.

WIDE = {"steps": [{"file": f"f{n}.py"} for n in range(11)], "changes_public_api": True}


def test_a_plan_that_goes_too_far_needs_consent() -> None:
    found = drive("refactoring", by_stage({"plan": WIDE}), **KNOWN)
    assert found.plans["consent"].steps[0].input["why"] == [
        "The plan touches 11 files, more than 10", "The plan changes the public interface",
    ]  # fmt: skip
    within = {"max_files": 20, "keep_public_api": False}
    assert "consent" not in drive("refactoring", by_stage({"plan": WIDE}), within, **KNOWN).plans
    refused = drive("refactoring", by_stage({"plan": WIDE, "consent": {}}), **KNOWN)
    assert refused.impossible == "There is no plan to go by"


def test_of_changes_that_keep_the_behaviour_the_smallest_is_taken() -> None:
    table = {"change.ann": {"patch": "a", "lines_changed": 90}, "change.ben": {"patch": "b", "lines_changed": 9},
             "change.cid": {"patch": "c", "lines_changed": 1}, "compare": {"passed": True},
             "compare.c3.ann": {"passed": False}, "compare.c3.ben": {"passed": False}}  # fmt: skip
    config = {"change": {"agents": 3}, "person": {"when": "never"}}
    found = drive("refactoring", by_stage(table), config, **KNOWN)
    assert found.result["by"] == "ben" and found.result["same"] == 1.0


def test_an_applied_change_carries_what_takes_it_back() -> None:
    config = {"apply": {"tool": "git_apply", "passes": "patch"}, "revert": "git_revert", "confirm": {"tool": "ci"}}
    found = drive("refactoring", by_stage({"change": {"patch": "p"}, "compare": True}), config, **KNOWN)
    (step,) = found.plans["apply"].steps
    assert step.input == {"patch": "p"} and step.undo is not None
    assert (step.undo.kind, step.undo.does, step.undo.input) == (StepKind.TOOL, "git_revert", {"patch": "p"})
    assert found.plans["confirm"].steps[0].does == "ci" and found.result["applied"] is True
    assert PATTERNS["refactoring"].problem_of(PATTERNS["refactoring"].Config(revert="x")) is not None  # type: ignore[call-arg]


# Feature development.


def test_the_parts_of_the_design_are_built_side_by_side_and_each_criterion_is_checked() -> None:
    table = {
        "requirements.ann": {"criteria": ["It adds", "It never divides by zero"]},
        "requirements.ben": {"criteria": ["it adds.", "It is fast"]},
        "design": {"parts": [{"name": "Core", "does": "adds"}, "Page"]},
        "accept": {"passed": True}, "integrate": {"patch": "whole"},
    }  # fmt: skip
    found = drive("feature_development", rated(by_stage(table)), **KNOWN)
    assert [step.key for step in found.plans["build"].steps] == ["p1.ann", "p2.ben"]
    assert [step.input["part"] for step in found.plans["build"].steps] == ["Core", "Page"]
    assert [one["criterion"] for one in found.result["criteria"]] == [
        "It adds", "It never divides by zero", "It is fast",
    ]  # fmt: skip
    assert {one["holds"] for one in found.result["criteria"]} == {1.0} and found.ratings[1] == 100.0


def test_a_criterion_that_does_not_hold_needs_a_person_or_ends_it() -> None:
    table = {"requirements": {"criteria": ["One", "Two"]}, "accept": {"passed": False}}
    assert "0% of the criteria hold; 90% are wanted" in str(drive("feature_development", by_stage(table)).plans)
    never = drive("feature_development", by_stage(table), {"person": {"when": "never"}})
    assert never.impossible == "0% of the criteria hold; 90% are wanted, and no person is asked"


# Documentation.


def test_sections_come_from_the_outline_and_weak_ones_are_revised() -> None:
    outline = {"title": "Guide", "sections": [{"title": "Install", "covers": "how"}, "Use", ["junk"]]}

    def answer(stage: str, step: StepPlan) -> Any:
        if stage == "outline":
            return outline
        if "to_rate" in step.input:
            return {"ratings": {ref: 20 if ref.startswith("draft/s2") else 90 for ref in step.input["to_rate"]}}
        return {"text": f"{stage} {step.input['section']}"}

    found = drive("documentation", answer, {"person": {"when": "never"}}, **KNOWN)
    assert [step.key for step in found.plans["draft"].steps] == ["s1.ann", "s2.ben"]
    assert [step.key.split(".")[0] for step in found.plans["revision-1"].steps] == ["s2"]
    assert [one["text"] for one in found.result["sections"]] == ["draft Install", "revision-1 Use"]
    assert found.result["text"].startswith("# Guide\n\n## Install\n\ndraft Install")


def test_a_section_nobody_could_write_is_told_and_goes_before_a_person() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        if stage == "outline":
            return {"sections": ["One", "Two"]}
        return FAILED if step.key.startswith("s2") else "Words"

    found = drive("documentation", answer, **KNOWN)
    assert found.result["missing"] == ["Two"]
    assert "Nobody has drafted: Two" in found.plans["approval"].steps[0].input["why"]


# Testing.


def test_gaps_are_written_in_a_further_round_until_enough_is_covered() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        tables: dict[str, Any] = {
            "plan": {"cases": ["Empty", "Huge", "empty!"]}, "write": {"tests": "t1"}, "write-2": {"tests": "t2"},
            "run": {"passed": True, "coverage": 0.5}, "run-2": {"passed": True, "coverage": 85},
            "gaps": {"gaps": ["Empty", "Unicode"]}, "gaps-2": {"gaps": []},
        }  # fmt: skip
        return tables.get(stage)

    found = drive("testing", answer, **KNOWN)
    assert [one["name"] for one in found.result["cases"]] == ["Empty", "Huge"]
    assert [one["name"] for one in found.plans["write-2"].steps[0].input["cases"]] == ["Unicode"]
    assert found.result["coverage"] == 0.85 and [one["tests"]["tests"] for one in found.result["tests"]] == ["t1", "t2"]
    assert found.ratings[1] == 95.0


def test_cases_are_written_in_batches_by_several() -> None:
    cases = {"cases": [f"Case {word}" for word in "abcdefg"]}
    found = drive("testing", by_stage({"plan": cases}), {"batch": 3}, **KNOWN)
    assert [step.key for step in found.plans["write"].steps] == ["b1.ann", "b2.ben", "b3.cid"]
    assert [len(step.input["cases"]) for step in found.plans["write"].steps] == [3, 3, 1]


def test_failing_tests_may_be_left_out() -> None:
    table = {"plan": {"cases": ["One"]}, "run": {"passed": False}, "write": "t"}
    config: dict[str, Any] = {"person": {"when": "never"}, "rounds": 0}
    assert len(drive("testing", by_stage(table), config).result["tests"]) == 1
    assert drive("testing", by_stage(table), config | {"keep_failing": False}).result["tests"] == []


# Optimisation.


@pytest.mark.parametrize(
    ("value", "correct", "lower", "gain"),
    [(50.0, True, True, 0.5), (99.5, True, True, None), (50.0, False, True, None), (150.0, True, False, 0.5)],
)
def test_only_a_proven_gain_with_the_same_results_goes_on(
    value: float, correct: bool, lower: bool, gain: float | None
) -> None:
    table = {"measure": {"value": 100.0}, "try": {"value": value, "correct": correct}, "propose": {"patch": "p"}}
    config = {"lower_is_better": lower, "person": {"when": "never"}}
    found = drive("optimization", by_stage(table), config, **KNOWN)
    assert found.result["gain"] == gain and bool(found.result["change"]) is (gain is not None)
    assert found.result["says"] == ("" if gain else "No change was better by enough, so everything stays as it is")
    assert {one.quality for one in found.ratings[0]} == ({100.0} if gain else {5.0} if correct else {0.0})


def test_a_gain_within_the_noise_of_the_baseline_is_none() -> None:
    def answer(stage: str, step: StepPlan) -> Any:
        noise = {"r1": 80.0, "r2": 100.0, "r3": 120.0}
        if stage == "measure":
            return {"value": noise[step.key.split(".")[0]]}
        return {"value": 85.0, "patch": "p"}

    found = drive("optimization", answer, {"person": {"when": "never"}}, **KNOWN)
    assert found.result["change"] is None and found.result["tried"]["propose/ann"]["proven"] is False


@pytest.mark.parametrize(("value", "words"), [("fast", "Nobody could measure"), (0, "is 0 now")])
def test_without_a_baseline_nothing_is_proposed(value: Any, words: str) -> None:
    assert words in drive("optimization", by_stage({"measure": {"value": value}})).impossible


def test_a_tool_measures_things_as_they_are_and_each_proposal() -> None:
    config = {"tool": {"tool": "bench", "passes": "patch"}, "repeats": 2, "person": {"when": "never"}}

    def answer(stage: str, step: StepPlan) -> Any:
        if stage == "measure":
            return {"value": 10}
        return {"value": 5} if step.kind is StepKind.TOOL else {"patch": f"by {step.does}"}

    found = drive("optimization", answer, config, **KNOWN)
    assert [(s.key, s.input) for s in found.plans["measure"].steps] == [("r1", {}), ("r2", {})]
    assert [s.input for s in found.plans["try"].steps][:1] == [{"patch": "by ann"}]
    assert found.result["gain"] == 0.5


def test_candidates_of_the_simulation_cover_what_a_pattern_asks() -> None:
    pattern = PATTERNS["move_creation"]
    assert set(candidates(pattern.Config(), pattern, ("a",))) == {"research", "analysis", "strategy", "review"}
