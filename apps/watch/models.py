"""Target bands of a business, alerts, and hours counted once so that long windows stay quick."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.watch.bands import Figure

FIGURES = [(figure.value, figure.value.replace("_", " ")) for figure in Figure]
IS_FIGURE = Q(figure__in=[figure.value for figure in Figure])


class TargetBand(models.Model):
    """The band a business wants a figure to keep to, in place of the shipped one. Both bounds empty: never alarm."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="target_bands", db_index=False)
    figure = models.CharField(max_length=20, choices=FIGURES)
    low = models.FloatField("from", null=True, blank=True, help_text="A share 0 to 1, or seconds; empty: open below")
    high = models.FloatField("to", null=True, blank=True, help_text="A share 0 to 1, or seconds; empty: open above")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["figure"]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "figure"],
                name="band_once",
                violation_error_message="There is a band for this figure already; change that one",
            ),
            models.CheckConstraint(condition=IS_FIGURE, name="band_figure"),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=F("high")),
                name="band_bounds",
                violation_error_message="The lower bound must be below the upper",
            ),
            models.CheckConstraint(
                condition=(Q(low=None) | Q(low__gte=0)) & (Q(high=None) | Q(high__gte=0)),
                name="band_not_negative",
                violation_error_message="Bounds are not negative",
            ),
            models.CheckConstraint(
                condition=Q(figure__startswith="latency")
                | (Q(low=None) | Q(low__lte=1)) & (Q(high=None) | Q(high__lte=1)),
                name="band_of_a_share",
                violation_error_message="This figure is a share: its bounds are 0 to 1",
            ),
        ]

    def __str__(self) -> str:
        return self.get_figure_display()


class Alert(models.Model):
    """A figure was surely out of its band, from `opened_at` until `closed_at`. Figures are those of the opening."""

    class Ending(models.TextChoices):
        BACK = "back", "back in its band"
        TOO_LITTLE = "too_little", "too little came in to tell"
        NO_BAND = "no_band", "its band was taken away"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    figure = models.CharField(max_length=20, choices=FIGURES)
    opened_at = models.DateTimeField()
    window_minutes = models.PositiveIntegerField()
    value = models.FloatField()
    low = models.FloatField(help_text="Of the interval of the value")
    high = models.FloatField()
    n = models.PositiveIntegerField(help_text="Goals it was measured on")
    band_low = models.FloatField(null=True)
    band_high = models.FloatField(null=True)
    calm_since = models.DateTimeField(null=True, help_text="Since when the figure has been back")
    closed_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=IS_FIGURE, name="alert_figure"),
            models.UniqueConstraint(fields=["business", "figure"], condition=Q(closed_at=None), name="alert_open_once"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")), name="alert_closes_later"
            ),
        ]
        indexes = [models.Index(fields=["business", "figure", "-id"], name="alert_newest")]

    def __str__(self) -> str:
        return f"{self.get_figure_display()} since {self.opened_at:%d %b %H:%M}"


class Slice(models.Model):
    """The goals submitted within one hour, counted (apps/watch/counts.py). Stale: one of them has changed since."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    start = models.DateTimeField(help_text="A whole hour")
    layout = models.PositiveSmallIntegerField(default=0)
    numbers = ArrayField(models.IntegerField(), default=list)
    moments = ArrayField(models.FloatField(), default=list)
    stale = models.BooleanField(default=True)

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["business", "start"], name="slice_once")]
        indexes = [models.Index(fields=["business", "start"], name="slice_stale", condition=Q(stale=True))]

    def __str__(self) -> str:
        return f"{self.start:%d %b %H:%M}"
