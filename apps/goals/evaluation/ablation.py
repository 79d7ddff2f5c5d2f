"""What each feature adds, and how the trained figures do on a file they have not seen."""

from __future__ import annotations

from collections.abc import Sequence

from apps.goals.calibration import Curve
from apps.goals.evaluation.evaluating import TELLING, Judged, evaluate
from apps.goals.evaluation.fitting import Sample, fit_curve, fit_heads, judge_sample, judged_by_others
from apps.goals.evaluation.tables import Table, shown


def ablation_table(samples: Sequence[Sample]) -> Table:
    """Cross-validated AUROC of the check that should tell, whole and without each feature in turn."""
    heads = fit_heads(samples)
    parts = {"match": heads.match, "tools": heads.tools, "context": heads.context}
    left_out = ["", *(f"{name}: {feature}" for name, head in parts.items() for feature in head.weights)]
    rows = [[one or "nothing", *_telling(samples, judged_by_others(samples, without=one))] for one in left_out]
    return Table("Without one feature", ["left out", *_targets(samples)], rows)


def transfer_table(samples: Sequence[Sample]) -> Table:
    """Each file judged by heads and a curve fitted to the other files only. A file that alone has a label is left out:
    nothing else could teach it."""
    rows = []
    for file in dict.fromkeys(one.file for one in samples):
        others = [one for one in samples if one.file != file]
        own = [one for one in samples if one.file == file]
        heads = fit_heads(others)
        curve = Curve.through(fit_curve(others, judged_by_others(others)))
        report = evaluate([judge_sample(one, heads, curve) for one in own], resamples=0)
        figures = report.slices[0].figures
        telling = [shown(figures[key]) for key in figures if key in _keys(own)]
        rows.append([file, *(shown(figures[key]) for key in ("auroc.confidence", "brier", "ece")), ", ".join(telling)])
    return Table(
        "Judged by what was fitted to the other files", ["file", "AUROC", "Brier", "ECE", "AUROC of the checks"], rows
    )


def _targets(samples: Sequence[Sample]) -> list[str]:
    found = dict.fromkeys((one.file, one.row.label) for one in samples if one.row.label in TELLING)
    return [f"{file}, {label}" for file, label in sorted(found)]


def _keys(samples: Sequence[Sample]) -> list[str]:
    return [f"auroc.{TELLING[label]}.{label}" for label in sorted({one.row.label for one in samples} & TELLING.keys())]


def _telling(samples: Sequence[Sample], judged: Sequence[Judged]) -> list[str]:
    """In the order of `_targets`."""
    found = []
    for file in sorted({one.file for one in samples}):
        own = [(one, said) for one, said in zip(samples, judged, strict=True) if one.file == file]
        figures = evaluate([said for _, said in own], resamples=0).slices[0].figures
        found += [shown(figures[key]) for key in _keys([one for one, _ in own])]
    return found
