"""ACT: tell people of an alert that has opened, and that it has closed. Sending is the business of apps/alerts."""

from django.urls import reverse

from apps.alerts.raising import raise_notice, resolve_notice
from apps.alerts.severities import Severity
from apps.watch.bands import Band, Figure, Measured
from apps.watch.models import Alert
from apps.watch.words import MEANINGS, NAMES, band_in_words, interval, written


def tell_opened(alert: Alert) -> None:
    """Call in the transaction that opens it. There is one open notice for each figure, as there is one open alert."""
    figure = Figure(alert.figure)
    measured = Measured(alert.value, alert.low, alert.high, alert.n)
    raise_notice(
        business_id=alert.business_id,
        severity=Severity.WARNING,
        title=f"{NAMES[figure]} out of band",
        text=f"{MEANINGS[figure]} Please look at the figures, and acknowledge the alert there.",
        facts=[
            ("Measured", f"{written(figure, alert.value)} ({interval(figure, measured)})"),
            ("Band", band_in_words(figure, Band(alert.band_low, alert.band_high))),
            ("Goals", f"{alert.n} in the last {alert.window_minutes} minutes"),
        ],
        link=reverse("admin:watch"),
        dedup_key=_key(alert),
        source="watch",
    )


def tell_closed(alert: Alert) -> None:
    """Call in the transaction that closes it. Whoever has not been told that it opened is told nothing any more."""
    resolve_notice(business_id=alert.business_id, dedup_key=_key(alert))


def _key(alert: Alert) -> str:
    return f"watch:{alert.figure}"
