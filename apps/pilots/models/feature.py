"""A feature, the businesses that have it, and those it is kept from."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import Business, User
from apps.core.ids import new_id
from apps.pilots.kinds import Kind


class Feature(models.Model):
    """A power that some have and others not yet. Belongs to the installation; `home` says whose people run it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in Kind], default=Kind.BOOLEAN)
    variants = models.JSONField(help_text="Values by name")
    on_variant = models.CharField(max_length=40, default="on", help_text="What the rollout brings")
    off_variant = models.CharField(max_length=40, default="off", help_text="What everybody has without it")
    default_variant = models.CharField(
        max_length=40, blank=True, help_text="For who is neither listed nor within the share; empty: the environment's"
    )
    default_since = models.DateTimeField(null=True, help_text="When the default was set")
    default_by = models.CharField(max_length=120, blank=True, default="", help_text="By whom")
    description = models.CharField(max_length=500, blank=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    home = models.ForeignKey(
        Business,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The business whose admins run the rollout, for all businesses, and whose queue decides it",
    )
    permanent = models.BooleanField(default=False, help_text="A switch that stays: never reported as stale")
    self_service = models.BooleanField(default=False, help_text="A business's own admins may switch it for themselves")
    exposed = models.BooleanField(default=False, help_text="Programs of every business may ask for it, not the home's")
    stage = models.PositiveSmallIntegerField(default=0, help_text="The step of the ladder it stands on; 0: not begun")
    stage_since = models.DateTimeField(null=True, help_text="When it came to this stage")
    share = models.PositiveSmallIntegerField(default=0, help_text="Percent that have it by the sticky hash")
    auto_advance = models.BooleanField(
        default=False, help_text="Ask for the next stage as soon as its criteria are met"
    )
    version = models.UUIDField(default=new_id, help_text="Another one after every change")
    last_evaluated_at = models.DateTimeField(null=True, help_text="To about a minute")
    changed_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.CharField(max_length=120, blank=True)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(condition=Q(share__lte=100), name="feature_share"),
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in Kind]), name="feature_kind"),
        ]

    def __str__(self) -> str:
        return self.key


class PilotBusiness(models.Model):
    """A business that is on the list of a feature, by name and not by share."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="pilots", db_index=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="pilots", db_index=False)
    enabled_at = models.DateTimeField()
    enabled_by = models.CharField(max_length=120)
    notes = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "pilot business"
        verbose_name_plural = "pilot businesses"
        ordering = ["enabled_at"]
        constraints = [models.UniqueConstraint(fields=["business", "feature"], name="pilot_business_once")]
        indexes = [models.Index(fields=["feature", "enabled_at"], name="pilot_business_cohort")]

    def __str__(self) -> str:
        return f"{self.business_id} has {self.feature_id}"


class HeldBack(models.Model):
    """A business that a feature is kept from, whatever its share or default, until somebody lets it go again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="held_back", db_index=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="held_back", db_index=False)
    held_at = models.DateTimeField()
    held_by = models.CharField(max_length=120)
    reason = models.CharField(max_length=500, blank=True)
    rollback = models.ForeignKey(
        "pilots.Rollback", null=True, on_delete=models.SET_NULL, related_name="held_back", help_text="That caused it"
    )

    class Meta:
        verbose_name_plural = "held back"
        ordering = ["held_at"]
        constraints = [models.UniqueConstraint(fields=["business", "feature"], name="held_back_once")]
        indexes = [models.Index(fields=["feature"], name="held_back_by_feature")]

    def __str__(self) -> str:
        return f"{self.feature_id} is kept from {self.business_id}"
