"""ACT: take a feature back: from one business, from those that got it in a stretch of time, or from everybody."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.row_access import across_businesses
from apps.core.errors import Invalid, StaleState
from apps.core.hearing import Announcement
from apps.pilots.changing import change, holding, tell
from apps.pilots.ladder import Level
from apps.pilots.models import Feature, HeldBack, Rollback, Stage
from apps.pilots.moving import take
from apps.pilots.reach import came_in_by_share, count_on, is_by_default, serves_list
from apps.pilots.stepping import end_open_advance
from apps.pilots.switching import check_business, has_without_list

MOST_REASON = 500
EFFECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    level: Level
    reason: str
    actor: str
    business_id: UUID | None
    cohort: tuple[datetime, datetime] | None


def roll_back_now(**wanted: Any) -> Rollback:
    """roll_back in a transaction of its own, then confirm_effect. Takes and raises what roll_back does."""
    return confirm_effect(roll_back(**wanted))


def roll_back(
    *,
    feature_id: UUID,
    level: Level,
    reason: str,
    actor: str,
    business_id: UUID | None = None,
    cohort: tuple[datetime, datetime] | None = None,
    rehearse: bool = False,
) -> Rollback:
    """Take a feature back, in one transaction; ask confirm_effect after commit how soon everybody saw it.

    reason: 1 to 500 characters. business_id: at the level business. cohort: at the level cohort, [from, to) with zones:
    whoever was listed in it, or within a share that a step done in it took in. Both levels hold back whom they take it
    from. everything: the list is emptied, the share is 0, the default is off and the ladder begins anew.
    rehearse: do the same work, measure it, and leave nothing of it but the record.

    Raises NotFound (the feature), Invalid (level, business, from, to, reason), StaleState: it is archived, off for them
    already, or nobody got it then.
    """
    wanted = _Wanted(_level(level), reason_of(reason), actor[:120], business_id, cohort)
    _check(wanted)
    began = time.perf_counter()
    with holding(feature_id) as feature:
        if not rehearse:
            return _carry_out(feature, wanted, began)
        with transaction.atomic():
            found = _carry_out(feature, wanted, began)
            transaction.set_rollback(True)
        return _keep_rehearsal(feature, found)


def confirm_effect(rollback: Rollback, seconds: float = EFFECT_SECONDS) -> Rollback:
    """Wait until every process has heard of a rollback, at most so long, and write down how soon. Call after commit.

    Before commit, for a rehearsal, and where Redis is away it changes nothing: processes poll then.
    """
    effect = rollback.announcement.wait(seconds) if rollback.announcement else None
    if effect is None:
        return rollback
    rollback.effect_ms, rollback.processes = effect.milliseconds, effect.processes
    rollback.unheard = effect.unheard
    with across_businesses():
        Rollback.objects.filter(pk=rollback.pk).update(
            effect_ms=effect.milliseconds, processes=effect.processes, unheard=effect.unheard
        )
    return rollback


def reason_of(text: str) -> str:
    """The reason without blanks around it. Raises Invalid unless it has 1 to 500 characters."""
    reason = text.strip()
    if not reason:
        raise Invalid("reason", "Say why: it stays in the audit")
    if len(reason) > MOST_REASON or "\0" in reason:
        raise Invalid("reason", f"At most {MOST_REASON} characters")
    return reason


def facts_of(feature: Feature) -> dict[str, Any]:
    """What a rollback of everything changes on the feature itself, as JSON."""
    since, default_since = feature.stage_since, feature.default_since
    return {
        "share": feature.share,
        "stage": feature.stage,
        "stage_since": since.isoformat() if since else None,
        "default_variant": feature.default_variant,
        "default_since": default_since.isoformat() if default_since else None,
        "default_by": feature.default_by,
        "auto_advance": feature.auto_advance,
    }


def stands_on(feature: Feature, position: int) -> list[Any] | None:
    """What makes a stage mean what it does for who has the feature: its share, and whether it serves."""
    stage = Stage.objects.filter(feature=feature, position=position).first()
    return [stage.share, stage.baseline] if stage else None


def _level(level: str) -> Level:
    if level not in {known.value for known in Level}:
        raise Invalid("level", f"One of {', '.join(Level)}")
    return Level(level)


def _check(wanted: _Wanted) -> None:
    if (wanted.business_id is not None) != (wanted.level == Level.BUSINESS):
        said = "Say which business" if wanted.level == Level.BUSINESS else "Only at the level business"
        raise Invalid("business", said)
    if wanted.level != Level.COHORT:
        if wanted.cohort:
            raise Invalid("from", "Only at the level cohort")
        return
    if wanted.cohort is None:
        raise Invalid("from", "Say from when and to when")
    for name, moment in zip(("from", "to"), wanted.cohort, strict=True):
        if timezone.is_naive(moment):
            raise Invalid(name, "With its zone, as 2026-01-31T12:00:00Z")
    if wanted.cohort[0] >= wanted.cohort[1]:
        raise Invalid("to", "Later than from")


def _carry_out(feature: Feature, wanted: _Wanted, began: float) -> Rollback:
    since, until = wanted.cohort or (None, None)
    rollback = Rollback(
        feature=feature,
        level=wanted.level,
        target_id=wanted.business_id,
        cohort_from=since,
        cohort_to=until,
        reason=wanted.reason,
        actor=wanted.actor,
        at=timezone.now(),
        affected=0,
        took_ms=0,
    )
    rollback.save(force_insert=True)
    rollback.announcement = {
        Level.BUSINESS: _from_business,
        Level.COHORT: _from_cohort,
        Level.EVERYTHING: _from_everybody,
    }[wanted.level](feature, rollback)
    # References are checked at commit: bring that forward, so that the time told has it in it.
    connection.check_constraints()
    rollback.took_ms = (time.perf_counter() - began) * 1000
    rollback.save(update_fields=["affected", "took_ms", "before", "after"])
    tell(feature, "rolled_back", wanted.actor, business_id=wanted.business_id, **_told(rollback))
    return rollback


def _from_business(feature: Feature, rollback: Rollback) -> Announcement:
    target = rollback.target_id
    assert target is not None
    check_business(target)
    if HeldBack.objects.filter(feature=feature, business_id=target).exists():
        raise StaleState("It is held back from this business already")
    has_it = has_without_list(feature, target)
    listed, others = take(rollback, business_id=target, others=[target] if has_it else [], hold=True)
    if not listed and not others:
        raise StaleState("This business has not got it")
    rollback.affected = int(has_it or serves_list(feature))
    return change(feature, actor=rollback.actor)


def _from_cohort(feature: Feature, rollback: Rollback) -> Announcement:
    since, until = rollback.cohort_from, rollback.cohort_to
    assert since is not None and until is not None
    others = came_in_by_share(feature, since, until)
    listed, others_taken = take(rollback, cohort=(since, until), others=others, hold=True)
    if not listed and not others_taken:
        raise StaleState(f"No business that has it got it from {_told_at(since)} to {_told_at(until)}")
    rollback.affected = others_taken + (listed if serves_list(feature) else 0)
    return change(feature, actor=rollback.actor)


def _from_everybody(feature: Feature, rollback: Rollback) -> Announcement:
    rollback.affected = count_on(feature)
    ended = end_open_advance(feature, actor=rollback.actor, why=f"Rolled back: {rollback.reason}")
    listed, _ = take(rollback, hold=False)
    if not (listed or feature.share or ended or is_by_default(feature)):
        raise StaleState("It is off for everybody already")
    rollback.before = {**facts_of(feature), "stood_on": stands_on(feature, feature.stage)}
    announcement = change(
        feature,
        actor=rollback.actor,
        share=0,
        stage=0,
        stage_since=None,
        default_variant=feature.off_variant,
        # Or it would ask for its first stage again within minutes.
        auto_advance=False,
    )
    rollback.after = facts_of(feature)
    return announcement


def _keep_rehearsal(feature: Feature, found: Rollback) -> Rollback:
    found.rehearsal, found.announcement, found.before, found.after = True, None, {}, {}
    found.save(force_insert=True)
    feature.refresh_from_db()
    tell(feature, "rollback_rehearsed", found.actor, **_told(found))
    return found


def _told(rollback: Rollback) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rollback": str(rollback.pk),
        "level": str(rollback.level),
        "reason": rollback.reason,
        "affected": rollback.affected,
        "took_ms": round(rollback.took_ms, 1),
    }
    if rollback.cohort_from and rollback.cohort_to:
        told |= {"from": rollback.cohort_from.isoformat(), "to": rollback.cohort_to.isoformat()}
    if rollback.rehearsal and rollback.target_id:
        told["target"] = str(rollback.target_id)
    return told


def _told_at(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.get_default_timezone()):%d %b %Y %H:%M %Z}"
