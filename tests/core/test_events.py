"""The audit trail as code writes it."""

import pytest
from django.db import transaction

from apps.accounts.models import Business
from apps.core.events import record
from apps.core.models import Event


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_record_outside_the_transaction_of_a_change(shop: Business) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(kind="a.b", subject_type="goal", subject_id="1", business_id=shop.pk, actor="user:a")
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_it_keeps_who_did_what_to_what(shop: Business) -> None:
    with transaction.atomic():
        event = record(
            kind="goal.submitted",
            subject_type="goal",
            subject_id=shop.pk,
            business_id=shop.pk,
            actor="key:ab",
            risk=0.5,
        )
    stored = Event.objects.get()
    assert stored == event
    assert (stored.kind, stored.subject_id, stored.actor, stored.data) == (
        "goal.submitted",
        str(shop.pk),
        "key:ab",
        {"risk": 0.5},
    )
    assert stored.at is not None


@pytest.mark.django_db
def test_it_cuts_an_actor_that_is_too_long(shop: Business) -> None:
    with transaction.atomic():
        record(kind="a.b", subject_type="goal", subject_id="1", business_id=shop.pk, actor="user:" + "x" * 300)
    assert len(Event.objects.get().actor) == 120
