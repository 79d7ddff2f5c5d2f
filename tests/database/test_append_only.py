"""What must not be altered is kept by the database itself, whoever asks and however."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.models import Decision
from apps.core.events import record
from apps.core.models import Event
from tests.database.test_row_security import a_row_in_every_table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows(shop: Business, alice: User) -> None:
    a_row_in_every_table(shop, alice)


@pytest.mark.parametrize("table", ["core_event", "approvals_decision"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'nobody'", "DELETE FROM {}"])
def test_the_owner_of_the_tables_cannot_alter_it(table: str, statement: str) -> None:
    refused = pytest.raises(DatabaseError, match="Cannot update or delete")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.parametrize("model", [Event, Decision])
def test_a_business_cannot_alter_it(shop: Business, model: type[Event] | type[Decision]) -> None:
    with pytest.raises(DatabaseError), acting_for(shop.pk):
        model.objects.update(actor="nobody")
    with pytest.raises(DatabaseError), acting_for(shop.pk):
        model.objects.all().delete()
    assert model.objects.filter(actor="nobody").count() == 0


def test_every_event_has_its_outbox_row_from_the_start(shop: Business) -> None:
    with transaction.atomic():
        event = record(kind="a.b", subject_type="goal", subject_id="7", business_id=shop.pk, actor="user:a")
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, attempts FROM core_outbox WHERE event_id = %s", [event.pk])
        assert cursor.fetchone() == ("goal:7", 0)


def test_an_event_goes_with_the_change_it_tells_of(shop: Business) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(kind="shop.renamed", subject_type="shop", subject_id="1", business_id=shop.pk, actor="user:a")
        raise ZeroDivisionError
    assert not Event.objects.filter(kind="shop.renamed").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_outbox WHERE subject = 'shop:1'")
        assert cursor.fetchone() == (0,)
