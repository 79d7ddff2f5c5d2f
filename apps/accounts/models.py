"""Businesses (the tenants), the people in them by role, and the keys their programs use."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.roles import Role, Scope
from apps.core.ids import new_id


class User(AbstractUser):
    """A person. Signs in with `username`; the roles are per business, in Membership."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("email address", unique=True)
    single_keys = models.BooleanField(default=True, help_text="Single-key shortcuts in the queue (J, K, A, R, E ...)")

    objects: ClassVar[UserManager["User"]] = UserManager()  # type: ignore[assignment]

    REQUIRED_FIELDS = ["email"]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Business(models.Model):
    """A tenant: everything else belongs to exactly one of these."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "businesses"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(r.value, r.value.title()) for r in Role], default=Role.REVIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["business", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=[r.value for r in Role]), name="membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role}"


class ApiKey(models.Model):
    """A program's key, of which a SHA-256 is stored. The secret has 256 random bits, so no slow hash is due."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=40, choices=[(s.value, s.value) for s in Scope]),
        default=list,
    )
    requests_per_minute = models.PositiveIntegerField(default=6000)
    requests_per_day = models.PositiveIntegerField(default=1_000_000)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(requests_per_minute__gte=1), name="api_key_minute_limit"),
            models.CheckConstraint(condition=Q(requests_per_day__gte=1), name="api_key_day_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def is_usable(self, now: datetime) -> bool:
        """Neither revoked nor past its end."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
