"""What a business has set up: a pattern with its configuration, in versions that are never altered."""

import pgtrigger
from django.db import models
from django.db.models import Q

from apps.accounts.models import Business
from apps.core.ids import new_id


class Workflow(models.Model):
    """A workflow that goals, callers and people may start by its key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="workflows", db_index=False)
    key = models.SlugField(max_length=60, help_text="How callers name it")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    pattern = models.CharField(max_length=40, help_text="A name of the pattern library")
    version = models.PositiveIntegerField(default=1, help_text="What new runs go by")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["business", "key"], name="workflow_once")]

    def __str__(self) -> str:
        return self.name


class WorkflowVersion(models.Model):
    """One configuration of a workflow. Never altered: runs that began with it end with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    config = models.JSONField(help_text="As the pattern's configuration has it")
    note = models.CharField(max_length=200, blank=True)
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="workflow_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="workflow_version_number"),
        ]
        triggers = [pgtrigger.Protect(name="never_altered", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"version {self.number}"
