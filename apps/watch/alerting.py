"""ACT: look at the last while, open an alert where a figure is surely out of its band, close it when it is back.

Run twice, late or after a kill it comes to the same: what is done follows from the figures and the last alert about
each, of two runs at once one waits for nothing and leaves, and the database holds no second open alert about a figure.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.events import record
from apps.core.locking import try_lock
from apps.goals.models import GateError
from apps.watch.bands import ALARM_LEVEL, Band, Figure, Measured, Standing, standing_of
from apps.watch.counting import count_between, errors_between
from apps.watch.figures import figures_of
from apps.watch.hysteresis import Past, Step, next_step
from apps.watch.models import Alert
from apps.watch.predicates import between, watched
from apps.watch.selectors import bands_of
from apps.watch.telling import tell_closed, tell_opened

ACTOR = "system:watch"
MOST_NOTE = 500
_ENDINGS = {
    Standing.IN_BAND: Alert.Ending.BACK,
    Standing.NOT_ENOUGH_DATA: Alert.Ending.TOO_LITTLE,
    Standing.NO_BAND: Alert.Ending.NO_BAND,
}


def worth_a_look(*, now: datetime) -> list[UUID]:
    """The businesses where an alert may open or close: something came in, or one is open. For the tables' owner."""
    start = now - timedelta(minutes=settings.WATCH_WINDOW_MINUTES)
    came = watched(OuterRef("pk")).filter(between(start, now))
    went_wrong = GateError.objects.filter(business_id=OuterRef("pk"), at__gte=start)
    is_open = Alert.objects.filter(business_id=OuterRef("pk"), closed_at=None)
    rows = Business.objects.filter(Exists(came) | Exists(went_wrong) | Exists(is_open))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def evaluate(*, business_id: UUID, now: datetime) -> int:
    """Open and close the alerts of one business; how many were opened or closed."""
    with acting_for(business_id):
        if not try_lock(f"watch:{business_id}"):
            return 0
        bands = bands_of(business_id)
        found = _measure(business_id, now)
        past = _last_alerts(business_id)
        return sum(
            _step(business_id, figure, measured, bands.get(figure), past.get(figure), now)
            for figure, measured in found.items()
        )


def acknowledge(*, alert_id: UUID, actor: str, note: str = "") -> Alert:
    """Say that somebody looks after it, once. Raises NotFound, StaleState (somebody has), Invalid (the note)."""
    note = note.strip()
    if len(note) > MOST_NOTE or "\0" in note:
        raise Invalid("note", f"At most {MOST_NOTE} characters")
    with transaction.atomic():
        now = timezone.now()
        fresh = Alert.objects.filter(pk=alert_id, acknowledged_at=None)
        done = fresh.update(acknowledged_at=now, acknowledged_by=actor, note=note)
        alert = Alert.objects.filter(pk=alert_id).first()
        if alert is None:
            raise NotFound
        if not done:
            raise StaleState(f"{alert.acknowledged_by} has acknowledged this already")
        _tell("gate.alert_acknowledged", alert, actor, note=note)
    return alert


def _measure(business_id: UUID, now: datetime) -> dict[Figure, Measured]:
    start = now - timedelta(minutes=settings.WATCH_WINDOW_MINUTES)
    errors = errors_between(business_id, start, now)
    return figures_of(count_between(business_id, start, now), errors=errors, level=ALARM_LEVEL)


def _last_alerts(business_id: UUID) -> dict[Figure, Alert]:
    rows = Alert.objects.filter(business_id=business_id).order_by("figure", "-id").distinct("figure")
    return {Figure(row.figure): row for row in rows}


def _step(
    business_id: UUID, figure: Figure, measured: Measured, band: Band | None, last: Alert | None, now: datetime
) -> int:
    standing = standing_of(measured, band, minimum=settings.WATCH_MINIMUM)
    step = next_step(Past(last.closed_at, last.calm_since) if last else None, standing, now)
    if step is Step.OPEN and band is not None and measured.value is not None:
        _open(business_id, figure, measured, band, now)
        return 1
    if last is None:
        return 0
    if step is Step.CLOSE:
        return _close(last, measured, _ENDINGS[standing], now)
    if step in (Step.CALM, Step.STIR):
        still_open = Alert.objects.filter(pk=last.pk, closed_at=None)
        still_open.update(calm_since=now if step is Step.CALM else None)
    return 0


def _open(business_id: UUID, figure: Figure, measured: Measured, band: Band, now: datetime) -> None:
    assert measured.value is not None
    alert = Alert.objects.create(
        business_id=business_id,
        figure=figure.value,
        opened_at=now,
        window_minutes=settings.WATCH_WINDOW_MINUTES,
        value=measured.value,
        low=measured.low,
        high=measured.high,
        n=measured.n,
        band_low=band.low,
        band_high=band.high,
    )
    tell_opened(alert)
    _tell("gate.alert_opened", alert, ACTOR, value=measured.value, n=measured.n)


def _close(alert: Alert, measured: Measured, ending: Alert.Ending, now: datetime) -> int:
    changed = Alert.objects.filter(pk=alert.pk, closed_at=None).update(closed_at=now, ending=ending)
    if changed:
        tell_closed(alert)
        _tell("gate.alert_closed", alert, ACTOR, value=measured.value, n=measured.n, ending=ending.value)
    return changed


def _tell(kind: str, alert: Alert, actor: str, **data: object) -> None:
    record(
        kind=kind,
        subject_type="alert",
        subject_id=alert.pk,
        business_id=alert.business_id,
        actor=actor,
        figure=alert.figure,
        band_low=alert.band_low,
        band_high=alert.band_high,
        **data,
    )
