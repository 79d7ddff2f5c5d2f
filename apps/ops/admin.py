"""EDGE: the schedule of the periodic work, for superusers. What is edited here stays; beat sees it within seconds."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.admin_base import SuperuserAdmin
from apps.core.later import later

for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """Choose among the tasks that are registered."""


class ScheduleForm(beat.PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class ScheduleAdmin(beat.PeriodicTaskAdmin, SuperuserAdmin):
    form = ScheduleForm
    subject_name = "schedule"
    change_form_template = None
    date_hierarchy = None
    list_display = ["name", "enabled", "scheduler", "last_run_at", "total_run_count"]
    list_filter = ["enabled"]
    actions = ["enable_tasks", "disable_tasks", "run_now"]

    @admin.action(description="Run now")
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        for task in queryset:
            self.tell(request, task, "run", name=task.name)
            later(task.task, *json.loads(task.args))
        messages.success(request, f"{len(queryset)} on their way to a worker.")

    @admin.action(description="Switch on")
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description="Switch off")
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[PeriodicTask], *, on: bool) -> None:
        for task in queryset.exclude(enabled=on):
            self.tell(request, task, "changed", name=task.name, changes={"enabled": [not on, on]})
        queryset.update(enabled=on)
        PeriodicTasks.update_changed()


@admin.register(IntervalSchedule)
class IntervalAdmin(SuperuserAdmin):
    list_display = ["__str__", "every", "period"]


@admin.register(CrontabSchedule)
class CrontabAdmin(SuperuserAdmin):
    list_display = ["__str__", "human_readable"]
    readonly_fields = ["human_readable"]
