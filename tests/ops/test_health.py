"""The probe tells the truth."""

from typing import Any

import pytest
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.ops.scheduling import seed_schedule
from config.celery import app
from config.schedule import SCHEDULE


@pytest.mark.django_db
def test_it_is_well_when_everything_answers(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "dependencies": {"database": True, "redis": True}}


@pytest.mark.django_db
def test_it_names_what_does_not_answer(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["dependencies"] == {"database": True, "redis": False}


@pytest.mark.django_db
def test_the_schedule_is_seeded_once_and_an_admins_change_survives() -> None:

    assert seed_schedule() == len(SCHEDULE)
    hourly, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.HOURS)
    edited = PeriodicTask.objects.get(task="apps.goals.tasks.sweep_goals")
    edited.interval, edited.enabled, edited.name = hourly, False, "Our own name"
    edited.save()
    assert seed_schedule() == 0
    edited.refresh_from_db()
    assert (edited.interval, edited.enabled, edited.name) == (hourly, False, "Our own name")


def test_every_scheduled_task_exists() -> None:

    app.loader.import_default_modules()
    assert {task for _, task, _ in SCHEDULE} <= set(app.tasks)
