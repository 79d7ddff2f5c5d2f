"""What the gate makes of labelled goals: rows to judged goals, judged goals to a report and a list of misses."""

from typing import Any

import pytest

from apps.goals.evaluation.evaluating import Judged, evaluate, group_of, judge_rows, predicted_label
from apps.goals.evaluation.goal_files import GoalRow
from apps.goals.evaluation.measures import Figure
from apps.goals.evaluation.misses import misses_of
from apps.goals.evaluation.tables import figure_name, shown, tables_of
from apps.goals.gate import Thresholds
from apps.goals.vocabulary import Check, CheckResult, ExecutionPath, Status
from apps.llm.embedding import get_embedder

PARCEL = {
    "type": "function",
    "function": {
        "name": "track_parcel",
        "description": "Show where a parcel is",
        "parameters": {
            "type": "object",
            "properties": {"tracking_number": {"type": "string", "description": "Tracking number of the parcel"}},
            "required": ["tracking_number"],
        },
    },
}
FIGURES = {
    "auroc.confidence",
    "balanced.let_through",
    "balanced.executed",
    "brier",
    "ece",
    "accuracy",
    "accuracy.commonest",
    "confound.words",
    "confound.tools",
}


def judged(label: str = "ok", confidence: float = 0.9, **changes: Any) -> Judged:
    """A goal all of whose checks pass with the confidence as score; `failing` and `warning` name checks that do not."""
    statuses = dict.fromkeys(Check, (Status.PASS, confidence))
    statuses |= {check: (Status.WARN, score) for check, score in changes.pop("warning", {}).items()}
    statuses |= {check: (Status.FAIL, score) for check, score in changes.pop("failing", {}).items()}
    plain: dict[str, Any] = {
        "id": "a",
        "goal": "Water the plants",
        "label": label,
        "group": "id:a",
        "offered": ("water_plants",),
        "words": 3,
        "confidence": confidence,
        "checks": tuple(CheckResult(check, status, score, f"{check}.") for check, (status, score) in statuses.items()),
        "path": ExecutionPath.EXECUTED if confidence > 0.85 else ExecutionPath.REJECTED,
        "reasons": ("So it is.",),
    }
    return Judged(**plain | changes)


def numbered(*rows: tuple[str, float], **changes: Any) -> list[Judged]:
    return [judged(label, value, group=f"id:{place}", **changes) for place, (label, value) in enumerate(rows)]


def test_a_row_is_judged_as_the_product_judges_it():
    rows = [
        GoalRow("1", "Show where the parcel with tracking number 77120045 is", (PARCEL,), label="ok"),
        GoalRow("2", "Compose a string quartet in the manner of Haydn", (PARCEL,), label="missing_tool"),
    ]
    fitting, foreign = judge_rows(rows, embedder=get_embedder())
    assert (fitting.label, fitting.offered, fitting.words, fitting.let_through) == ("ok", ("track_parcel",), 9, True)
    assert fitting.confidence > foreign.confidence
    assert foreign.result(Check.TOOLS_AVAILABLE).status is Status.FAIL
    assert foreign.path is ExecutionPath.REJECTED
    assert foreign.reasons


def test_history_and_context_are_read():
    bare = GoalRow("1", "Show where my parcel is", (PARCEL,), label="missing_info")
    with_context = GoalRow("2", bare.goal, (PARCEL,), context={"tracking_number": "77120045"}, label="ok")
    without, given = judge_rows([bare, with_context], embedder=get_embedder())
    assert given.result(Check.REQUIRED_CONTEXT).score > without.result(Check.REQUIRED_CONTEXT).score


def test_thresholds_decide_the_path():
    row = GoalRow("1", "Show where the parcel with tracking number 77120045 is", (PARCEL,), label="ok")
    strict = next(judge_rows([row], embedder=get_embedder(), thresholds=Thresholds(1.0, 0.01)))
    lax = next(judge_rows([row], embedder=get_embedder(), thresholds=Thresholds(0.02, 0.01)))
    assert (strict.path, lax.path) == (ExecutionPath.APPROVED, ExecutionPath.EXECUTED)


def test_groups_are_the_rows_own_or_the_tools_or_the_row():
    assert group_of(GoalRow("1", "x", group="pair-1"), ("b", "a")) == "group:pair-1"
    assert group_of(GoalRow("1", "x"), ("b", "a")) == group_of(GoalRow("2", "y"), ("a", "b"))
    assert group_of(GoalRow("1", "x"), ()) != group_of(GoalRow("2", "x"), ())


LABELS = {"ok", "missing_tool", "missing_info", "vague"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "ok"),
        ({"warning": {Check.TOOLS_AVAILABLE: 0.5}}, "missing_tool"),
        ({"warning": {Check.TOOLS_AVAILABLE: 0.5, Check.REQUIRED_CONTEXT: 0.4}}, "missing_tool"),
        ({"warning": {Check.REQUIRED_CONTEXT: 0.4}, "failing": {Check.WELL_FORMED: 0.1}}, "missing_info"),
        ({"warning": {Check.REQUIRED_CONTEXT: 0.3}, "failing": {Check.TOOLS_AVAILABLE: 0.4}}, "missing_tool"),
        ({"failing": {Check.WELL_FORMED: 0.1}}, "vague"),
        ({"failing": {Check.NO_CONTRADICTION: 0.1}}, "vague"),
        ({"failing": {Check.COMPLEXITY: 0.1}}, "ok"),
    ],
)
def test_tools_come_before_values_and_values_before_wording(changes, expected):
    assert predicted_label(judged(**changes), LABELS) == expected


def test_only_labels_that_there_are_can_be_said():
    wrong = judged(failing={Check.REQUIRED_CONTEXT: 0.1}, warning={Check.WELL_FORMED: 0.5})
    assert predicted_label(wrong, {"ok", "missing_tool"}) == "ok"
    assert predicted_label(wrong, {"clear", "vague"}) == "vague"
    assert predicted_label(judged(), {"clear", "vague"}) == "clear"


def test_a_report_has_every_figure_of_the_labels_it_has():
    report = evaluate(numbered(("ok", 0.9), ("ok", 0.7), ("missing_tool", 0.8), ("missing_tool", 0.1)), resamples=20)
    whole = report.slices[0]
    named = {"auroc.confidence", "order.confidence"}
    against = {f"{one}.missing_tool" for one in named | {"auroc.tools_available", "order.tools_available"}}
    assert set(whole.figures) == FIGURES | against | {"balanced.tools_available.missing_tool"}
    assert report.figure("auroc.confidence").value == 0.75
    assert report.figure("balanced.executed").value == 0.75
    assert report.figure("balanced.let_through").value == 0.75
    assert report.figure("brier").value == pytest.approx((0.01 + 0.09 + 0.64 + 0.01) / 4)
    assert report.figure("accuracy").value == 0.5
    assert whole.confusion == {"ok": {"missing_tool": 0, "ok": 2}, "missing_tool": {"missing_tool": 0, "ok": 2}}
    assert whole.paths["ok"] == {"executed": 1, "approved": 0, "clarification": 0, "rejected": 1}
    assert whole.labels == {"ok": 2, "missing_tool": 2}


def test_each_bad_label_is_held_against_the_good_alone():
    rows = numbered(("ok", 0.5), ("missing_tool", 0.1), ("missing_info", 0.9))
    report = evaluate(rows, resamples=0)
    assert report.figure("auroc.confidence").value == 0.5
    assert report.figure("auroc.confidence.missing_tool").value == 1.0
    assert report.figure("auroc.confidence.missing_info").value == 0.0


def test_slices_cut_by_tools_and_by_length():
    rows = [
        judged("ok" if place % 2 else "missing_tool", 0.5, offered=("t",) * place, words=place, group=str(place))
        for place in range(10)
    ]
    report = evaluate(rows, resamples=0)
    by_tools = {part.name: part.goals for part in report.slices if part.by == "tools"}
    assert by_tools == {"1 tool": 1, "2-4 tools": 3, "5+ tools": 5}
    by_words = [part for part in report.slices if part.by == "words"]
    assert [part.name for part in by_words] == ["0-1 words", "2-3 words", "4-5 words", "6-7 words", "8-9 words"]
    assert sum(part.goals for part in by_words) == 10
    assert report.figure("auroc.confidence", "1 tool").value is None
    with pytest.raises(KeyError):
        report.figure("auroc.confidence", "3 tools")


def test_what_is_of_no_use_alone_shows_as_a_confound():
    rows = [judged("ok", 0.5, words=9, group="1"), judged("vague", 0.5, words=2, group="2")]
    report = evaluate(rows, resamples=0)
    assert report.figure("confound.words").value == 1.0
    assert report.figure("confound.tools").value == 0.5


def test_one_label_alone_leaves_figures_undefined():
    report = evaluate(numbered(("ok", 0.9), ("ok", 0.7)), resamples=20)
    assert report.figure("auroc.confidence") == Figure(None)
    assert report.figure("balanced.executed").value is None
    assert report.figure("brier").value == pytest.approx(0.05)
    text = "\n".join(table.markdown() for table in tables_of({"one": report}))
    assert "n/a" in text
    assert "nan" not in text.lower()


def test_nothing_cannot_be_evaluated():
    with pytest.raises(ValueError, match="nothing"):
        evaluate([])


def test_figures_read_well():
    assert shown(Figure(0.8744, 0.8512, 0.8951)) == "0.874 [0.85, 0.90]"
    assert shown(Figure(0.8744, 0.8512, 0.8951), interval=False) == "0.874"
    assert shown(Figure(1.0)) == "1.000"
    assert figure_name("balanced.well_formed.vague") == "balanced accuracy, well_formed passes, vague"


def test_tables_are_even():
    rows = numbered(("ok", 0.9), ("missing_tool", 0.8), ("missing_info", 0.3), ("vague", 0.2))
    for table in tables_of({"one": evaluate(rows, resamples=20)}):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.headings)}


def test_misses_are_the_surest_wrong_first_on_each_side():
    rows = [
        judged("missing_tool", 0.9, id="let-90", group="1"),
        judged("missing_tool", 0.99, id="let-99", group="2", goal="Paint the\nfence " + "very " * 100),
        judged("ok", 0.2, id="held-20", group="3"),
        judged("ok", 0.1, id="held-10", group="4", warning={Check.REQUIRED_CONTEXT: 0.4}),
        judged("ok", 0.95, id="right", group="5"),
        judged("missing_tool", 0.1, id="right-too", group="6"),
    ]
    text = misses_of("fences", rows, 5)
    named = [line.split()[1] for line in text.splitlines() if line.startswith("### ")]
    assert named == ["let-99", "let-90", "held-10", "held-20"]
    assert "Goal: Paint the fence very" in text
    assert max(len(line) for line in text.splitlines()) < 320
    assert "- required_context: warn 0.400" in text
    assert "Tools (1): water_plants" in text
    assert misses_of("fences", rows, 1).count("### ") == 2


def test_pairs_in_the_wrong_order_are_shown_together():
    rows = [judged("ok", 0.3, id="good", group="p"), judged("missing_info", 0.6, id="bad", group="p")]
    text = misses_of("pairs", rows, 3)
    assert "Pairs in the wrong order: 1" in text
    section = text.split("Pairs in the wrong order")[1]
    assert section.index("### good") < section.index("### bad")
