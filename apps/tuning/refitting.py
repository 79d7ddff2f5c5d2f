"""ACT: fit the curves of a business to its labels, and put in force those that do better on goals they had not seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.row_access import acting_for
from apps.core.errors import StaleState
from apps.core.events import record
from apps.core.ids import new_id
from apps.goals.calibration import SHIPPED, Curve
from apps.goals.configuration import EVERY_KIND, put_curve
from apps.goals.models import GateCurve
from apps.tuning.labels import Labels, too_little
from apps.tuning.locking import try_lock
from apps.tuning.models import CurveVersion, ReviewedGoal

NIGHTLY = "system:nightly"
LOCK = "curves"
# The newest labels of a business say most about its goals of tomorrow, and more would make no steadier curve.
MOST_LABELS = 20_000
MOST_KINDS = 50

Row = tuple[str, float, bool, float, datetime]


@dataclass(frozen=True, slots=True)
class Refitted:
    """What became of one kind. version: None where nothing was fitted, and `said` tells why."""

    kind: str
    said: str
    version: CurveVersion | None = None


def refit(*, business_id: UUID, actor: str) -> list[Refitted]:
    """Fit the curve of every kind and those of each kind with enough labels; what became of each, in that order.

    All in one transaction: cut off anywhere, nothing has changed. Raises StaleState when it goes on already elsewhere.
    """
    with acting_for(business_id):
        if not try_lock(business_id, LOCK):
            raise StaleState("The curves of this business are being fitted already")
        rows = _newest_labels(business_id)
        found = list(_refit_all(business_id, rows, actor))
        if rows:
            said = [{"kind": one.kind, "said": one.said} for one in found]
            record(
                kind="curves.refitted",
                subject_type="gate",
                subject_id=business_id,
                business_id=business_id,
                actor=actor,
                labels=len(rows),
                found=said,
            )
    return found


def _newest_labels(business_id: UUID) -> list[Row]:
    rows = ReviewedGoal.objects.filter(business_id=business_id).order_by("-decided_at")
    return list(rows.values_list("kind", "raw_confidence", "right", "weight", "decided_at")[:MOST_LABELS])


def _refit_all(business_id: UUID, rows: list[Row], actor: str) -> Iterator[Refitted]:
    in_force = {row.kind: Curve.through(row.points) for row in GateCurve.objects.filter(business_id=business_id)}
    for kind, own in _by_kind(rows):
        above = SHIPPED if kind == EVERY_KIND else in_force.get(EVERY_KIND, SHIPPED)
        one = _refit_one(business_id, kind, own, above=above, now=in_force.get(kind, above), actor=actor)
        if one.version and one.version.accepted:
            # The curves of kinds are drawn towards the one for every kind as it is from here on.
            in_force[kind] = Curve.through(one.version.points)
        yield one


def _by_kind(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    yield EVERY_KIND, rows
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row[0], []).append(row)
    kinds.pop(EVERY_KIND, None)
    most = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_KINDS]
    yield from (item for item in most if not too_little(_labels(item[1])))


def _labels(rows: list[Row]) -> Labels:
    return Labels(tuple(row[1] for row in rows), tuple(row[2] for row in rows), tuple(row[3] for row in rows))


def _refit_one(business_id: UUID, kind: str, rows: list[Row], *, above: Curve, now: Curve, actor: str) -> Refitted:
    labels = _labels(rows)
    if words := too_little(labels):
        return Refitted(kind, words)
    last = CurveVersion.objects.filter(business_id=business_id, kind=kind).order_by("-number").first()
    newest = max(row[4] for row in rows)
    if last and last.newest_label_at == newest and last.labels == len(labels):
        return Refitted(kind, f"Nothing new since version {last.number}.")
    version = _fitted(business_id, kind, labels, above=above, now=now, newest=newest)
    version.fitted_by = actor[:120]
    version.number = last.number + 1 if last else 1
    held = actor == NIGHTLY and _was_reverted(business_id, kind)
    version.accepted, version.reason = _judged(version, held=held)
    version.save(force_insert=True)
    _put(version, actor)
    return Refitted(kind, version.reason, version)


def _fitted(
    business_id: UUID, kind: str, labels: Labels, *, above: Curve, now: Curve, newest: datetime
) -> CurveVersion:
    # scikit-learn takes a second to come in, and no page or worker that only looks needs it.
    from apps.tuning.fitting import fit, predictions_unseen
    from apps.tuning.quality import quality_of

    fitted = fit(labels, above)
    before = quality_of(labels, [now.apply(raw) for raw in labels.raw])
    after = quality_of(labels, predictions_unseen(labels, above))
    return CurveVersion(
        id=new_id(),
        business_id=business_id,
        kind=kind,
        points=[list(point) for point in fitted.curve.points],
        method=fitted.method,
        labels=len(labels),
        right=sum(labels.right),
        effective=labels.effective,
        share=fitted.share,
        newest_label_at=newest,
        brier_before=before.brier,
        brier_after=after.brier,
        ece_before=before.ece,
        ece_after=after.ece,
    )


def _was_reverted(business_id: UUID, kind: str) -> bool:
    """Whether a person went back from the curve that was last put in force: then a person starts it again."""
    accepted = CurveVersion.objects.filter(business_id=business_id, kind=kind, accepted=True)
    reverted = accepted.order_by("-number").values_list("reverted_at", flat=True).first()
    return reverted is not None


def _judged(version: CurveVersion, *, held: bool) -> tuple[bool, str]:
    before, after = version.brier_before[0], version.brier_after[0]
    figures = f"Brier score {after:.4f} on goals it had not seen, {before:.4f} with the curve in force"
    if after > before:
        return False, f"Kept out: {figures}."
    if held:
        return False, f"Kept out: somebody went back from the curve before, so a person must refit. {figures}."
    return True, f"Put in force: {figures}."


def _put(version: CurveVersion, actor: str) -> None:
    why: dict[str, Any] = {
        "number": version.number,
        "reason": version.reason,
        "method": version.method,
        "labels": version.labels,
        "brier": [version.brier_before[0], version.brier_after[0]],
        "ece": [version.ece_before[0], version.ece_after[0]],
    }
    if version.accepted:
        put_curve(
            business_id=version.business_id,
            kind=version.kind,
            version=version.pk,
            points=version.points,
            actor=actor,
            **why,
        )
        return
    record(
        kind="curve.refused",
        subject_type="gate",
        subject_id=version.business_id,
        business_id=version.business_id,
        actor=actor,
        kind_of_goal=version.kind,
        version=str(version.pk),
        **why,
    )
