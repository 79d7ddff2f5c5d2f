"""Questions for the list of features: all that stands in its lines, in a fixed number of queries."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import Business
from apps.pilots.having import Terms, is_on, why
from apps.pilots.ladder import OPEN, Level, soaked_at
from apps.pilots.models import Advance, Feature, Guard, GuardReading, HeldBack, Incident, PilotBusiness, Rollback, Stage
from apps.pilots.phases import Facts, Phase, in_words, phase_of
from apps.pilots.stale import facts_of as facts_of_age
from apps.pilots.staleness import in_words as stale_in_words
from apps.pilots.staleness import stale_reasons
from apps.pilots.standing import default_of, terms_of_stage

PAGE = 50
STEPS = {"asked": "asked for", "scheduled": "scheduled"}


@dataclass(slots=True)
class Line:
    """One feature of the list. on: businesses that have it. tone: of its health, bad, warn, good or none."""

    feature: Feature
    phase: Phase
    words: str
    total: int = 0
    on: int = 0
    listed: int = 0
    held: int = 0
    stage: str = ""
    following: str = ""
    tone: str = ""
    health: str = ""
    stale: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is asked for. phase: "" for all but the archived ones."""

    search: str = ""
    phase: str = ""
    stale: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Overview:
    lines: Sequence[Line]
    counts: dict[str, int]
    page: int
    pages: int


def overview(operated: Q, wanted: Wanted, now: datetime) -> Overview:
    """The features somebody runs, by key. counts: by phase, "stale", and "all" but the archived.

    Ask across businesses.
    """
    lines = [_line(feature, now) for feature in _features(operated, wanted.search)]
    counts = {phase.value: sum(line.phase is phase for line in lines) for phase in Phase}
    counts["stale"] = sum(bool(line.stale) for line in lines)
    counts["all"] = len(lines) - counts[Phase.ARCHIVED]
    fitting = [line for line in lines if _fits(line, wanted)]
    pages = max(1, -(-len(fitting) // PAGE))
    page = min(max(1, wanted.page), pages)
    shown = fitting[(page - 1) * PAGE : page * PAGE]
    _add_businesses(shown)
    _add_stages(shown, now)
    _add_health(shown, now)
    return Overview(shown, counts, page, pages)


def _features(operated: Q, search: str) -> QuerySet[Feature]:
    search = search.replace("\0", "").strip()
    rows = Feature.objects.filter(operated).select_related("owner", "home").order_by("key")
    if search:
        rows = rows.filter(Q(key__icontains=search) | Q(description__icontains=search))
    back = Rollback.objects.filter(level=Level.EVERYTHING, rehearsal=False, undone_at=None, feature=OuterRef("pk"))
    widened = Advance.objects.filter(feature=OuterRef("pk"), done_at__isnull=False)
    here = Stage.objects.filter(feature=OuterRef("pk"), position=OuterRef("stage"))
    return rows.annotate(
        listed_count=_count(PilotBusiness),
        held_count=_count(HeldBack),
        back_at=Subquery(back.order_by("-at").values("at")[:1]),
        widened_at=Subquery(widened.values("feature").annotate(n=Max("done_at")).values("n")),
        is_baseline=Coalesce(Subquery(here.values("baseline")[:1]), False),
    )


def _count(model: Any) -> Coalesce:
    rows = model.objects.filter(feature=OuterRef("pk")).order_by().values("feature")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def facts_of(feature: Any) -> Facts:
    """What the phase goes by, of a feature with the columns that the list adds."""
    back, widened = feature.back_at, feature.widened_at
    return Facts(
        archived=feature.archived_at is not None,
        rolled_back=back is not None and (widened is None or widened < back),
        default_on=default_of(feature) == feature.on_variant,
        baseline=feature.is_baseline,
        share=feature.share,
        listed=feature.listed_count,
        stage=feature.stage,
    )


def phase_words_of(feature_id: UUID) -> tuple[Phase, str]:
    """The phase of one feature, and its words."""
    feature = _features(Q(pk=feature_id), "").get()
    phase = phase_of(facts_of(feature))
    return phase, in_words(phase, feature.share)


def _line(feature: Any, now: datetime) -> Line:
    phase, days = phase_of(facts_of(feature)), settings.FEATURE_STALE_DAYS
    reasons = stale_reasons(facts_of_age(feature), now=now, days=days)
    return Line(
        feature,
        phase,
        in_words(phase, feature.share),
        listed=feature.listed_count,
        held=feature.held_count,
        stale=[stale_in_words(reason, days) for reason in reasons],
    )


def _fits(line: Line, wanted: Wanted) -> bool:
    if wanted.stale and not line.stale:
        return False
    return line.phase == wanted.phase if wanted.phase else line.phase is not Phase.ARCHIVED


def _add_businesses(lines: Sequence[Line]) -> None:
    """How many have each feature. Which they are must be known one by one only where a share is under way."""
    everyone = list(Business.objects.order_by().values_list("pk", flat=True))
    split = [line.feature.pk for line in lines if 0 < line.feature.share < 100]
    listed, held = _pairs(PilotBusiness, split), _pairs(HeldBack, split)
    for line in lines:
        line.total = len(everyone)
        feature: Any = line.feature
        terms = Terms(
            feature.key, feature.share, not feature.is_baseline, line.phase is Phase.EVERYONE, feature.archived_at
        )
        if terms.archived:
            line.on = 0
        elif feature.pk in split:
            own, kept = listed.get(feature.pk, set()), held.get(feature.pk, set())
            line.on = sum(is_on(why(terms, str(pk), listed=pk in own, held=pk in kept)) for pk in everyone)
        elif terms.default_on:
            line.on = len(everyone) - line.held
        else:
            line.on = line.listed if terms.serves else 0


def _pairs(model: Any, features: Collection[UUID]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    for feature_id, business_id in model.objects.filter(feature__in=features).values_list("feature_id", "business_id"):
        found.setdefault(feature_id, set()).add(business_id)
    return found


def _add_stages(lines: Sequence[Line], now: datetime) -> None:
    ladders: dict[UUID, list[Any]] = {}
    rows = Stage.objects.filter(feature__in=_ids(lines)).annotate(criteria_count=Count("criteria"))
    for stage in rows.order_by("feature", "position"):
        ladders.setdefault(stage.feature_id, []).append(stage)
    for line in lines:
        ladder, position = ladders.get(line.feature.pk, []), line.feature.stage
        if not ladder:
            line.stage = "no ladder"
            continue
        here = ladder[position - 1] if 0 < position <= len(ladder) else None
        line.stage = f"{here.name}, {position} of {len(ladder)}" if here else f"{len(ladder)} stages, none begun"
        line.following = _following(line.feature, ladder[position], now) if position < len(ladder) else ""


def _following(feature: Feature, stage: Any, now: datetime) -> str:
    words = f"next {stage.name}"
    if stage.criteria_count:
        words += f", {stage.criteria_count} {'criterion' if stage.criteria_count == 1 else 'criteria'}"
    ready = soaked_at(since=feature.stage_since, to=terms_of_stage(stage))
    if ready and ready > now:
        words += f", not before {ready:%-d %b %H:%M}"
    return words


def _add_health(lines: Sequence[Line], now: datetime) -> None:
    ids = _ids(lines)
    incidents = dict(_counted(Incident.objects.filter(feature__in=ids, closed_at=None)))
    waiting = {row.feature_id: row for row in Advance.objects.filter(feature__in=ids, state__in=OPEN)}
    guards: dict[UUID, list[Any]] = {}
    newest = GuardReading.objects.filter(guard=OuterRef("pk")).order_by("-at")
    for guard in Guard.objects.filter(feature__in=ids, enabled=True).annotate(
        n=Subquery(newest.values("n")[:1]), verdict=Subquery(newest.values("verdict")[:1])
    ):
        guards.setdefault(guard.feature_id, []).append(guard)
    for line in lines:
        pk = line.feature.pk
        line.tone, line.health = _health(incidents.get(pk, 0), guards.get(pk, []), now)
        if pk in waiting:
            line.following = f"stage {waiting[pk].to_stage} is {STEPS[waiting[pk].state]}"


def _health(incidents: int, guards: Sequence[Any], now: datetime) -> tuple[str, str]:
    if incidents:
        return "bad", f"{incidents} open incident{'s' if incidents > 1 else ''}"
    if not guards:
        return "", "no guard"
    cooling = sum(bool(guard.cooling_until and guard.cooling_until > now) for guard in guards)
    if cooling:
        return "warn", "cooling"
    short = sum(guard.n is None or guard.n < guard.minimum for guard in guards)
    if short:
        return "", "too little data" if short == len(guards) else f"{len(guards) - short} of {len(guards)} guards fine"
    return "good", "fine"


def _counted(rows: QuerySet[Any]) -> Iterable[tuple[UUID, int]]:
    return rows.order_by().values_list("feature_id").annotate(n=Count("pk"))


def _ids(lines: Sequence[Line]) -> list[UUID]:
    return [line.feature.pk for line in lines]
