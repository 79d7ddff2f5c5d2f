"""The upgrade by which mails about alerts go out through apps.alerts, and the way back, lose none and repeat none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.accounts.models import Business, User
from tests.alerts.conftest import work

BEFORE, AFTER = ("watch", "0002_row_security"), ("watch", "0003_mail_by_alerts")

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(to: tuple[str, str]) -> Any:
    """The models as they are after the migration."""
    executor = MigrationExecutor(connection)
    executor.migrate([to])
    return executor.loader.project_state([to, ("alerts", "0002_row_security")]).apps


@pytest.fixture
def before(shop: Business, bob: User) -> Iterator[Any]:
    yield migrate(BEFORE)
    migrate(AFTER)


def open_alert(models: Any, business: Any, figure: str, **more: Any) -> Any:
    return models.get_model("watch", "Alert").objects.create(
        business_id=business.pk,
        figure=figure,
        opened_at=timezone.now() - timedelta(minutes=1),
        window_minutes=60,
        value=0.687,
        low=0.6,
        high=0.76,
        n=131,
        band_high=0.3,
        **more,
    )


def test_a_mail_that_was_still_to_be_sent_is_sent_once(before: Any, shop: Business, mailoutbox: Any) -> None:
    now = timezone.now()
    open_alert(before, shop, "approval_rate", mail_after=now, mail_attempts=3)
    open_alert(before, shop, "error_rate")
    open_alert(before, shop, "catch_rate", mail_after=now, closed_at=timezone.now(), ending="back")
    migrate(AFTER)
    work()
    (message,) = mailoutbox
    assert message.subject == "Warning: Approval rate out of band (Corner Shop)"
    assert "Measured: 0.687 (0.6 to 0.76)" in message.body
    assert message.to == ["bob@example.com"]


def test_on_the_way_back_watch_mails_what_has_not_been_mailed(before: Any, shop: Business, mailoutbox: Any) -> None:
    open_alert(before, shop, "approval_rate", mail_after=timezone.now())
    migrate(AFTER)
    open_before = migrate(BEFORE).get_model("watch", "Alert").objects.get()
    assert open_before.mail_after is not None
    work()
    assert mailoutbox == []
    migrate(AFTER)
    work()
    assert len(mailoutbox) == 1
