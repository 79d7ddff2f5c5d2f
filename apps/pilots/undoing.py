"""ACT: undo a rollback: the state before it, exactly, or nothing where somebody has changed what it left."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.errors import NotFound, StaleState
from apps.pilots.changing import change, holding, tell
from apps.pilots.ladder import OPEN, Level
from apps.pilots.models import Advance, Feature, HeldBack, PilotBusiness, Rollback, RolledBack
from apps.pilots.moving import put_back
from apps.pilots.rollback import facts_of, reason_of, stands_on
from apps.pilots.switching import check_room

MOST_NAMES = 3
_MOMENTS = ("stage_since", "default_since")
# What each fact is called where it has changed; the moments go with what they belong to.
_CALLED = {"share": "the share", "stage": "the stage", "default_variant": "the default", "auto_advance": "auto-advance"}


def undo(*, rollback_id: UUID, reason: str, actor: str) -> Rollback:
    """Put back what a rollback took: the rows of the list as they were, stage, share and default; let go whom it held.

    A step that the rollback ended stays ended: ask anew. reason: 1 to 500 characters. Raises NotFound, Invalid
    (reason), StaleState naming what stands against it: a rehearsal, undone already, or what it left has changed.
    """
    reason = reason_of(reason)
    with across_businesses():
        feature_id = Rollback.objects.filter(pk=rollback_id).values_list("feature_id", flat=True).first()
    if feature_id is None:
        raise NotFound("There is no such rollback")
    with holding(feature_id) as feature:
        rollback = Rollback.objects.get(pk=rollback_id)
        _refuse_unless_open(rollback)
        if changed := [*_changed(feature, rollback)]:
            raise StaleState("It cannot be undone: " + "; ".join(changed))
        _check_room(feature, rollback)
        put_back(rollback)
        rollback.announcement = change(feature, actor=actor, **_columns(rollback))
        rollback.undone_at, rollback.undone_by, rollback.undone_reason = timezone.now(), actor[:120], reason
        rollback.save(update_fields=["undone_at", "undone_by", "undone_reason"])
        told = {"rollback": str(rollback.pk), "level": str(rollback.level), "reason": reason}
        tell(feature, "rollback_undone", actor, business_id=rollback.target_id, **told)
    return rollback


def _refuse_unless_open(rollback: Rollback) -> None:
    if rollback.rehearsal:
        raise StaleState("This was a rehearsal: it changed nothing")
    if rollback.undone_at:
        raise StaleState(f"{rollback.undone_by} has undone it already, at {rollback.undone_at:%H:%M:%S} UTC")


def _changed(feature: Feature, rollback: Rollback) -> Iterator[str]:
    """What is not as the rollback left it, in words."""
    whole = rollback.level == Level.EVERYTHING
    later = Rollback.objects.filter(feature=feature, pk__gt=rollback.pk, rehearsal=False, undone_at=None)
    # Rollbacks of some businesses never concern the same ones: each can be undone without the others.
    standing = (later if whole else later.filter(level=Level.EVERYTHING)).order_by("-pk").first()
    if standing:
        told = f"{standing.level}, {standing.at:%d %b %H:%M} UTC, {standing.actor}"
        yield f"a later rollback ({told}) stands: undo it first"
    yield from _changed_lists(feature, rollback)
    if whole:
        yield from _changed_facts(feature, rollback)


def _changed_lists(feature: Feature, rollback: Rollback) -> Iterator[str]:
    taken = RolledBack.objects.filter(rollback=rollback)
    listed = PilotBusiness.objects.filter(feature=feature)
    if rollback.level == Level.EVERYTHING:
        on = listed
    else:
        on = listed.filter(business_id__in=taken.values("business_id"))
        held = HeldBack.objects.filter(rollback=rollback).values("business_id")
        loose = taken.exclude(business_id__in=[*on.values_list("business_id", flat=True)])
        if names := _names(loose.exclude(business_id__in=held)):
            yield f"no longer held back by it: {names}"
    if names := _names(on):
        yield f"switched on since: {names}"


def _changed_facts(feature: Feature, rollback: Rollback) -> Iterator[str]:
    now = facts_of(feature)
    for name, called in _CALLED.items():
        if now[name] != rollback.after.get(name):
            yield f"{called} is {now[name]!r} by now"
    if Advance.objects.filter(feature=feature, state__in=OPEN).exists():
        yield "a step is asked for or scheduled: withdraw it first"
    before = rollback.before
    if before["default_variant"] not in ("", *feature.variants):
        yield f"there is no variant {before['default_variant']} any more"
    if stands_on(feature, before["stage"]) != before["stood_on"]:
        yield f"stage {before['stage']} of the ladder is another by now"


def _check_room(feature: Feature, rollback: Rollback) -> None:
    if rollback.level != Level.EVERYTHING:
        back = RolledBack.objects.filter(rollback=rollback, was_listed=True).count()
        check_room(feature, more=back)


def _columns(rollback: Rollback) -> dict[str, Any]:
    if rollback.level != Level.EVERYTHING:
        return {}
    columns = {name: value for name, value in rollback.before.items() if name != "stood_on"}
    for name in _MOMENTS:
        columns[name] = datetime.fromisoformat(columns[name]) if columns[name] else None
    return columns


def _names(rows: Any) -> str:
    """The first businesses of these rows by name, and how many more there are; empty for none."""
    businesses = Business.objects.filter(pk__in=rows.values("business_id")).order_by("name", "pk")
    names = list(businesses.values_list("name", flat=True)[: MOST_NAMES + 1])
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[:MOST_NAMES])} and {businesses.count() - MOST_NAMES} more"
    return ", ".join(names)
