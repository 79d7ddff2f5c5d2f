"""ACT: put many businesses on a feature's list at once, as they were named in a list (pasted.py)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.events import event_of
from apps.core.models import Event
from apps.pilots.changing import SUBJECT, change, holding, tell
from apps.pilots.ladder import room_left
from apps.pilots.models import Feature, HeldBack, PilotBusiness, Stage
from apps.pilots.pasted import Entry
from apps.pilots.standing import terms_of_stage

# So many rows go into one statement.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry and the business it means. wrong: why it is not added; empty for one that is, or would be."""

    entry: Entry
    business_id: UUID | None = None
    name: str = ""
    wrong: str = ""


def plan_of(feature: Feature, entries: Sequence[Entry]) -> list[Planned]:
    """What adding these entries would do, one by one, in the order given: four queries. Ask across businesses."""
    found = _Businesses(entries)
    listed = dict(PilotBusiness.objects.filter(feature=feature).values_list("business_id", "enabled_by"))
    stage = Stage.objects.filter(feature=feature, position=feature.stage).first()
    room = room_left(stage=terms_of_stage(stage) if stage else None, listed=len(listed))
    seen: dict[UUID, int] = {}
    plans = []
    for entry in entries:
        plan = _checked(found.planned(entry), listed, seen)
        if (pk := plan.business_id) and not plan.wrong:
            if stage and room is not None and len(seen) >= room:
                plan = replace(plan, wrong=f"No room: stage {stage.position} takes {stage.businesses_max} businesses")
            else:
                seen[pk] = entry.number
        plans.append(plan)
    return plans


def add_businesses(*, feature_id: UUID, entries: Sequence[Entry], actor: str) -> list[Planned]:
    """Add what can be added, in one transaction; every entry with what became of it.

    A business that was held back is let go, as by switch_on. The feature's trail tells of all at once, that of each
    business of itself. Raises NotFound (the feature), StaleState: it is archived.
    """
    with holding(feature_id) as feature:
        plans = plan_of(feature, entries)
        good = [(plan.business_id, plan.entry.notes) for plan in plans if plan.business_id and not plan.wrong]
        if good:
            _insert(feature, good, actor)
            change(feature, actor=actor)
            tell(feature, "businesses_added", actor, count=len(good), names=_few_names(plans))
    return plans


def _insert(feature: Feature, good: Sequence[tuple[UUID, str]], actor: str) -> None:
    now = timezone.now()
    HeldBack.objects.filter(feature=feature, business__in=[pk for pk, _ in good]).delete()
    PilotBusiness.objects.bulk_create(
        [
            PilotBusiness(feature=feature, business_id=pk, enabled_at=now, enabled_by=actor[:120], notes=notes)
            for pk, notes in good
        ],
        batch_size=BATCH,
    )
    # The home has been told of all together.
    Event.objects.bulk_create(
        [
            event_of(
                kind=f"{SUBJECT}.enabled",
                subject_type=SUBJECT,
                subject_id=feature.pk,
                business_id=pk,
                actor=actor,
                feature=feature.key,
                business=str(pk),
                notes=notes,
                together=len(good),
            )
            for pk, notes in good
            if pk != feature.home_id
        ],
        batch_size=BATCH,
    )


def _checked(plan: Planned, listed: dict[UUID, str], seen: dict[UUID, int]) -> Planned:
    pk = plan.business_id
    if plan.wrong or pk is None:
        return plan
    if pk in seen:
        return replace(plan, wrong=f"The same business as in line {seen[pk]}")
    if pk in listed:
        return replace(plan, wrong=f"On the list already, by {listed[pk].removeprefix('user:')}")
    return plan


def _few_names(plans: Iterable[Planned]) -> list[str]:
    return [plan.name for plan in plans if not plan.wrong][:5]


class _Businesses:
    """The businesses that a list names, found by id, slug or exact name in one query."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        named = {entry.named for entry in entries if not entry.wrong}
        ids = {pk for text in named if (pk := _uuid(text))}
        slugs = {text.casefold() for text in named}
        rows = Business.objects.filter(Q(pk__in=ids) | Q(slug__in=slugs) | Q(name__in=named))
        self._names: dict[UUID, str] = {}
        self._by: dict[str, UUID] = {}
        self._by_name: defaultdict[str, list[UUID]] = defaultdict(list)
        for pk, name, slug in rows.values_list("pk", "name", "slug"):
            self._names[pk] = name
            self._by[slug.casefold()] = pk
            self._by_name[name].append(pk)

    def planned(self, entry: Entry) -> Planned:
        if entry.wrong:
            return Planned(entry, wrong=entry.wrong)
        pk = _uuid(entry.named)
        if pk and pk in self._names:
            return self._found(entry, pk)
        named = self._by_name.get(entry.named, [])
        if entry.named.casefold() in self._by and (len(named) != 1 or self._by[entry.named.casefold()] == named[0]):
            return self._found(entry, self._by[entry.named.casefold()])
        if len(named) > 1:
            return Planned(entry, wrong=f"{len(named)} businesses have this name: give the slug or the id")
        if named:
            return self._found(entry, named[0])
        return Planned(entry, wrong=_unknown(entry.named))

    def _found(self, entry: Entry, pk: UUID) -> Planned:
        return Planned(entry, pk, self._names[pk])


def _unknown(named: str) -> str:
    if any(sign in named for sign in ",;\t"):
        return "No business has this slug, id or name. For notes, begin with a line: business,notes"
    return "No business has this slug, id or exact name"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
