"""ACT: give the demo shop rollouts to look at: a pilot, a share, a brake, one long done, and an incident that is over.

Written as rows with a past, as its goals are (history.py): nobody is mailed. Guards have read the shop's own goals.
"""

import contextlib
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import Business, User
from apps.accounts.principals import Principal
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError
from apps.ops.demo.history import id_at
from apps.ops.demo.trail import Told, write_trail
from apps.pilots.criteria import Comparison, CriterionTerms
from apps.pilots.flags import features_changed
from apps.pilots.kinds import ON_OFF, Kind
from apps.pilots.ladder import AdvanceState, Level, StageKind, StageTerms
from apps.pilots.laddering import write_ladder
from apps.pilots.models import (
    Advance,
    BusinessSettings,
    Feature,
    Guard,
    HeldBack,
    Incident,
    PilotBusiness,
    Rollback,
    RolledBack,
)
from apps.pilots.plans import StagePlan, seven_day_plan
from apps.pilots.rollback import facts_of, stands_on
from apps.pilots.selectors import businesses_on
from apps.pilots.watching import look
from apps.pilots.widening import ask_to_advance

PILOT, SHARE, BRAKE, DONE = KEYS = ("RAG_PILOT", "NEW_TRIAGE_MODEL", "BULK_APPROVE", "ORDER_SEARCH_2")
# Businesses without people, so that lists and percentages have something to show. All come after the shop by name: a
# superuser enters the first of all businesses.
OTHERS = [
    "Lantern Lane", "Larch & Linen", "Meadow Toys", "Mill Street Papers", "North Quay Cycles", "Oak & Anvil",
    "Orchard Teas", "Quarry Garden", "Saltmarsh Books", "Tidewater Tailors", "Willow Kitchen", "Yarn & Yarrow",
]  # fmt: skip
OWNER, CLEO, GUARD = "user:demo@example.com", "user:cleo@example.com", "system:guard"
SEED = 20260302
LOOKS = 16


def load_pilots(home: Business, *, now: datetime, asks: Principal) -> int:
    """Write the rollouts of the shop, once; the number of features written. asks: who asks for a next step."""
    with across_businesses():
        if Feature.objects.filter(key__in=KEYS).exists():
            return 0
        others = _found_others()
        owner = User.objects.filter(email=OWNER.removeprefix("user:")).first()
        common = {"home": home, "owner": owner, "last_evaluated_at": now - timedelta(minutes=4)}
        chance = random.Random(SEED)  # noqa: S311 a stage, not a secret
        guards = [
            *_pilot(common, home, others[0], now, chance),
            *_share(common, home, now, chance),
        ]
        _brake(common, others[4], now, chance)
        _done(common, now, chance)
        features_changed()
    _look_back(guards, now)
    # The demo is a stage: that its figures do not bear a step must not keep the house from starting.
    with contextlib.suppress(GatehouseError):
        ask_to_advance(feature_id=Feature.objects.get(key=SHARE).pk, by=asks)
    return len(KEYS)


def _found_others() -> list[Business]:
    slugs = {name: "demo-" + name.lower().replace(" & ", "-").replace(" ", "-") for name in OTHERS}
    Business.objects.bulk_create(
        [Business(name=name, slug=slug) for name, slug in slugs.items()], ignore_conflicts=True
    )
    found = {business.slug: business for business in Business.objects.filter(slug__in=slugs.values())}
    return [found[slugs[name]] for name in OTHERS]


def _feature(key: str, created: datetime, *, ladder: Sequence[StagePlan] = (), **columns: Any) -> Feature:
    feature = Feature(key=key, **({"variants": ON_OFF, "changed_by": CLEO, "changed_at": created} | columns))
    changed = feature.changed_at
    feature.save(force_insert=True)
    # A column that sets itself would say now.
    Feature.objects.filter(pk=feature.pk).update(created_at=created, changed_at=changed)
    feature.created_at, feature.changed_at = created, changed
    write_ladder(feature, ladder)
    return feature


def _pilot(
    common: dict[str, Any], home: Business, second: Business, now: datetime, chance: random.Random
) -> list[Guard]:
    """In the middle of the two days with two businesses."""
    began, baseline, pilot = (now - timedelta(days=days) for days in (4.5, 4.1, 1.8))
    plans = [
        replace(plan, criteria=(*plan.criteria, _at_most("goal_latency", 10.0, plan.criteria[0])))
        if plan.criteria
        else plan
        for plan in seven_day_plan()
    ]
    feature = _feature(
        PILOT, began, ladder=plans, stage=2, stage_since=pilot, exposed=True, changed_at=pilot, changed_by=OWNER,
        description="Past replies are looked up before an answer is drafted", **common,
    )  # fmt: skip
    listed = [(home, baseline + timedelta(hours=1), "We try it first"), (second, baseline + timedelta(hours=3), "")]
    PilotBusiness.objects.bulk_create(
        PilotBusiness(business=one, feature=feature, enabled_at=at, enabled_by=CLEO, notes=notes)
        for one, at, notes in listed
    )
    steps = [_step(feature, 0, 1, baseline), _step(feature, 1, 2, pilot)]
    Advance.objects.bulk_create(steps)
    BusinessSettings.objects.get_or_create(business=home, defaults={"email_rag_enabled": True, "updated_by": CLEO})
    write_trail(
        feature,
        [
            Told(began, "created", CLEO),
            *_steps_told(steps[:1]),
            *[Told(at, "enabled", CLEO, {"business": str(one.pk), "notes": notes}) for one, at, notes in listed],
            *_steps_told(steps[1:]),
        ],
        chance,
    )
    return [_guard(feature, "error_rate", 0.3, pilot, pilot)]


def _share(common: dict[str, Any], home: Business, now: datetime, chance: random.Random) -> list[Guard]:
    """At a quarter of all, taken back once by a limit that was too strict, and given again."""
    began, ten, quarter = (now - timedelta(days=days) for days in (16, 15, 11))
    feature = _feature(
        SHARE, began, ladder=_quarters(), stage=2, stage_since=quarter, share=25, exposed=True, kind=Kind.STRING,
        variants={"current": "triage-small-3", "next": "triage-small-4"}, on_variant="next", off_variant="current",
        changed_at=now - timedelta(days=7), changed_by=CLEO, description="Which model sorts what comes in", **common,
    )  # fmt: skip
    listed = PilotBusiness.objects.create(
        business=home, feature=feature, enabled_at=ten, enabled_by=CLEO, notes="Whatever its share"
    )
    steps = [_step(feature, 0, 1, ten, shares=(0, 10)), _step(feature, 1, 2, quarter, shares=(10, 25))]
    Advance.objects.bulk_create(steps)
    armed = now - timedelta(days=7)
    guards = [
        _guard(feature, "goal_latency", 15.0, quarter, armed),
        _guard(feature, "error_rate", 0.3, quarter, armed),
    ]
    undone = _incident(feature, guards[0], listed, now, chance)
    write_trail(
        feature,
        [
            Told(began, "created", CLEO),
            Told(ten, "enabled", CLEO, {"business": str(home.pk), "notes": listed.notes}),
            *_steps_told(steps),
            *undone,
        ],
        chance,
    )
    return guards


def _incident(
    feature: Feature, guard: Guard, listed: PilotBusiness, now: datetime, chance: random.Random
) -> list[Told]:
    """A guard acted a week ago; it was looked into, undone and closed."""
    at, undone = now - timedelta(days=8), now - timedelta(days=7)
    found = "Run time, 95 % 5.8 s from 84 runs, at most 5.0 s (15.5 % took longer than the limit, 5 % may)"
    words, note = f"{found}: surely beyond its limit", "The limit was below what the agents always took. Now 15 s."
    before = {**facts_of(feature), "stood_on": stands_on(feature, feature.stage)}
    off = {"share": 0, "stage": 0, "stage_since": None, "default_variant": feature.off_variant, "auto_advance": False}
    rollback = Rollback.objects.create(
        id=id_at(at, chance), feature=feature, level=Level.EVERYTHING, reason=words, actor=GUARD, at=at,
        affected=len(businesses_on(feature)), before=before,
        after={**before, **off, "default_since": at.isoformat(), "default_by": GUARD},
        took_ms=9.4, effect_ms=21.7, processes=4, unheard=0, undone_at=undone, undone_by=CLEO, undone_reason=note,
    )  # fmt: skip
    RolledBack.objects.create(
        rollback=rollback, business_id=listed.business_id, was_listed=True, listed_id=listed.pk,
        enabled_at=listed.enabled_at, enabled_by=listed.enabled_by, notes=listed.notes,
    )  # fmt: skip
    figures = {
        "words": words, "title": "Run time, 95 %", "value": 5.8, "n": 84, "hits": 13, "comparison": "at_most",
        "limit": 5.0, "relative": None, "baseline": None, "baseline_n": None, "evidence": 4.9, "alpha": 0.01,
        "low": None, "high": None, "since": (at - timedelta(days=3)).isoformat(), "businesses": rollback.affected,
        "business": None, "told": str(feature.home_id),
    }  # fmt: skip
    incident = Incident.objects.create(
        id=id_at(at, chance), feature=feature, guard=guard, rollback=rollback, level=rollback.level,
        metric=guard.metric, figures=figures, opened_at=at, acknowledged_at=at + timedelta(minutes=12),
        acknowledged_by=CLEO, closed_at=undone + timedelta(minutes=5), closed_by=CLEO, note=note,
    )  # fmt: skip
    about = {"rollback": str(rollback.pk), "level": str(rollback.level)}
    opened = {"incident": str(incident.pk), "metric": guard.metric}
    return [
        Told(at, "rolled_back", GUARD, {**about, "reason": words, "affected": rollback.affected}),
        Told(at, "incident_opened", GUARD, {**opened, "rollback": str(rollback.pk), "words": words}),
        Told(at + timedelta(minutes=12), "incident_acknowledged", CLEO, opened),
        Told(undone, "rollback_undone", CLEO, {**about, "reason": note}),
        Told(undone + timedelta(minutes=5), "incident_closed", CLEO, {**opened, "note": note}),
    ]


def _brake(common: dict[str, Any], without: Business, now: datetime, chance: random.Random) -> None:
    """On for all, and meant to stay: a switch to turn something off at once. One business does without."""
    since, held = now - timedelta(days=60), now - timedelta(days=20)
    feature = _feature(
        BRAKE, since, default_variant="on", default_since=since, default_by=CLEO, permanent=True, self_service=True,
        exposed=True, changed_at=held, description="Several requests of the queue may be approved at once", **common,
    )  # fmt: skip
    reason = "They look at each by itself"
    HeldBack.objects.create(business=without, feature=feature, held_at=held, held_by=CLEO, reason=reason)
    about = {"business": str(without.pk), "reason": reason, "held": True}
    entries = [Told(since, "created", CLEO), Told(since, "default_set", CLEO, {"variant": "on", "before": ""})]
    write_trail(feature, [*entries, Told(held, "disabled", CLEO, about)], chance)


def _done(common: dict[str, Any], now: datetime, chance: random.Random) -> None:
    """Everybody has had it for months, and nothing asks for it any more."""
    began, out, asked = (now - timedelta(days=days) for days in (190, 120, 75))
    plans = [StagePlan(StageTerms(1, "Everybody", StageKind.PERCENTAGE, share=100))]
    feature = _feature(
        DONE, began, ladder=plans, stage=1, stage_since=out, share=100, changed_at=out, changed_by=OWNER,
        description="Orders are found by a part of their number", **{**common, "last_evaluated_at": asked},
    )  # fmt: skip
    step = _step(feature, 0, 1, out, shares=(0, 100))
    step.save(force_insert=True)
    write_trail(feature, [Told(began, "created", CLEO), *_steps_told([step])], chance)


def _quarters() -> list[StagePlan]:
    week = CriterionTerms("approval_rate", Comparison.AT_LEAST, 0.5, 7 * 24, 20)
    criteria = (week, replace(week, metric="error_rate", comparison=Comparison.AT_MOST, limit=0.2))
    return [
        StagePlan(
            StageTerms(place, f"{share} %", StageKind.PERCENTAGE, share=share, soak=timedelta(days=2)),
            criteria if share > 10 else (),
        )
        for place, share in enumerate((10, 25, 50, 100), start=1)
    ]


def _at_most(metric: str, limit: float, like: CriterionTerms) -> CriterionTerms:
    return replace(like, metric=metric, comparison=Comparison.AT_MOST, limit=limit)


def _step(feature: Feature, start: int, to: int, at: datetime, *, shares: tuple[int, int] = (0, 0)) -> Advance:
    return Advance(
        feature=feature, from_stage=start, to_stage=to, from_share=shares[0], to_share=shares[1],
        state=AdvanceState.DONE, asked_by=CLEO, asked_at=at - timedelta(hours=2), decided_by=OWNER, done_at=at,
    )  # fmt: skip


def _steps_told(steps: Sequence[Advance]) -> list[Told]:
    told = []
    for step in steps:
        data = {"stages": [step.from_stage, step.to_stage], "shares": [step.from_share, step.to_share]}
        told += [
            Told(step.asked_at, "advance_asked", CLEO, data),
            Told(step.done_at or step.asked_at, "advanced", OWNER, data),
        ]
    return told


def _guard(feature: Feature, metric: str, limit: float, created: datetime, armed: datetime) -> Guard:
    guard = Guard.objects.create(
        feature=feature, metric=metric, comparison=Comparison.AT_MOST, limit=limit, minimum=20, armed_at=armed
    )
    Guard.objects.filter(pk=guard.pk).update(created_at=created)
    return guard


def _look_back(guards: Sequence[Guard], now: datetime) -> None:
    """Let each guard look as it would have looked since it was armed: what it read is in the shop's own goals."""
    for guard in guards:
        apart = (now - guard.armed_at) / LOOKS
        for place in range(1, LOOKS):
            look(guard_id=guard.pk, now=guard.armed_at + place * apart)
