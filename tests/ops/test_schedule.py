"""The clock of the installation: its entries stand in the admin site, and what an admin made of one stays."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from apps.accounts.models import User
from config.celery import app

pytestmark = pytest.mark.django_db

CYCLE, REFRESH = "apps.trust.tasks.learn_all", "apps.trust.tasks.refresh_trust"


@pytest.fixture
def seeded() -> None:
    call_command("seed_schedule")


def changes_of(client: Client, entry: PeriodicTask, **changes: Any) -> dict[str, Any]:
    """What the form of an entry would send as it stands, with changes."""
    page = client.get(reverse("admin:django_celery_beat_periodictask_change", args=[entry.pk]))
    form = page.context["adminform"].form
    shown = {name: form.initial.get(name) for name in form.fields}
    sent = {name: "" if value is None else value for name, value in shown.items() if value is not False}
    return (
        sent
        | {"regtask": entry.task, "start_time_0": "", "start_time_1": "", "expires_0": "", "expires_1": ""}
        | changes
    )


def test_learning_stands_in_the_schedule_nightly_and_every_six_hours(seeded: None, root: User, client: Client) -> None:
    client.force_login(root)
    page = client.get(reverse("admin:django_celery_beat_periodictask_changelist")).content.decode()
    cycle, refresh = PeriodicTask.objects.get(task=CYCLE), PeriodicTask.objects.get(task=REFRESH)
    assert cycle.name in page
    assert refresh.name in page
    assert (cycle.crontab.hour, cycle.crontab.minute) == ("2", "0")
    assert refresh.schedule.run_every.total_seconds() == 6 * 3600


# Beat closes the connection it finds, which would end the transaction of a usual test.
@pytest.mark.django_db(transaction=True)
def test_what_an_admin_edits_survives_a_restart_and_an_upgrade(seeded: None, root: User, client: Client) -> None:
    client.force_login(root)
    entry = PeriodicTask.objects.get(task=CYCLE)
    later = CrontabSchedule.objects.create(hour="4", minute="30", timezone="UTC")
    address = reverse("admin:django_celery_beat_periodictask_change", args=[entry.pk])
    sent = changes_of(client, entry, name="Learn when the shop sleeps", crontab=later.pk)
    answer = client.post(address, sent)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    PeriodicTask.objects.filter(task=REFRESH).update(enabled=False)

    # Beat begins anew, then an upgrade: the same commands as at every start of `make run`.
    DatabaseScheduler(app).sync()
    call_command("migrate", verbosity=0)
    call_command("seed_schedule")
    schedule = DatabaseScheduler(app).schedule

    entry.refresh_from_db()
    assert (entry.name, entry.crontab_id) == ("Learn when the shop sleeps", later.pk)
    assert schedule[entry.name].schedule.hour == {4}
    assert not PeriodicTask.objects.get(task=REFRESH).enabled
    assert PeriodicTask.objects.filter(task__in=[CYCLE, REFRESH]).count() == 2


def test_only_superusers_reach_the_schedule(seeded: None, bob: User, client: Client) -> None:
    client.force_login(bob)
    assert client.get(reverse("admin:django_celery_beat_periodictask_changelist")).status_code in (302, 403)
