"""Notices: once while open, told to whom they concern, cleaned of what could do harm."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.alerts.connecting import add_channel, change_channel, checked_addresses, checked_secret, remove_channel
from apps.alerts.models import Channel, Delivery, Notice
from apps.alerts.raising import raise_notice, resolve_notice
from apps.core.errors import Invalid, NotFound
from apps.core.models import Event
from tests.alerts.conftest import ACTOR, ROUTING_KEY, raise_one, resolve_one, work
from tests.approvals.threads import in_threads
from tests.fakes import Outsider

pytestmark = pytest.mark.django_db


def told() -> set[str]:
    rows = Delivery.objects.select_related("channel")
    return {delivery.channel.name if delivery.channel else "mail" for delivery in rows}


def test_a_second_raise_hands_back_the_open_one(shop: Business) -> None:
    first = raise_one(shop.pk)
    again = raise_one(shop.pk, title="Something else", severity="critical")
    assert again.pk == first.pk
    assert again.title == "The new checkout was rolled back"
    assert Delivery.objects.count() == 1
    assert [event.kind for event in Event.objects.filter(subject_type="notice")] == ["notice.raised"]
    assert Event.objects.get(kind="notice.raised").actor == "system:pilots"


def test_after_the_end_the_next_is_another(shop: Business) -> None:
    first = raise_one(shop.pk)
    assert resolve_one(shop.pk) == first
    assert resolve_one(shop.pk) is None
    assert raise_one(shop.pk).pk != first.pk
    kinds = Event.objects.filter(subject_type="notice").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["notice.raised", "notice.resolved", "notice.raised"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of_a_business", [True, False])
def test_two_at_once_open_one(shop: Business, of_a_business: bool) -> None:
    business_id = shop.pk if of_a_business else None
    found: list[Any] = []
    in_threads(4, lambda _: found.append(raise_one(business_id).pk))
    assert len(set(found)) == 1
    assert Notice.objects.count() == Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_goes_with_the_transaction_of_what_it_tells_of(shop: Business) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise_one(shop.pk)
        raise ZeroDivisionError
    assert not Notice.objects.exists()
    with pytest.raises(RuntimeError, match="transaction"):
        raise_notice(business_id=shop.pk, severity="info", title="x", dedup_key="x", source="x")
    with pytest.raises(RuntimeError, match="transaction"):
        resolve_notice(business_id=shop.pk, dedup_key="x")


def test_the_same_key_in_two_businesses_is_two_notices(shop: Business, other_shop: Business) -> None:
    assert len({raise_one(business_id).pk for business_id in (shop.pk, other_shop.pk, None)}) == 3
    resolve_one(None)
    assert Notice.objects.filter(resolved_at=None).count() == 2


def test_no_business_sees_the_notices_and_channels_of_another(
    shop: Business, other_shop: Business, slack: Channel, outside: Outsider
) -> None:
    add_channel(business_id=None, kind="slack", name="ours", secret=outside.url, actor=ACTOR)
    raise_one(shop.pk)
    raise_one(None)
    with acting_for(other_shop.pk):
        assert not any(model.objects.exists() for model in (Channel, Notice, Delivery))
        with pytest.raises(NotFound):
            change_channel(channel_id=slack.pk, business_id=other_shop.pk, actor=ACTOR, name="mine")
        with pytest.raises(NotFound):
            remove_channel(channel_id=slack.pk, business_id=other_shop.pk, actor=ACTOR)
    with acting_for(shop.pk):
        assert Channel.objects.get().name == "#alerts"
        assert Notice.objects.get().business_id == shop.pk
        with across_businesses():
            assert Notice.objects.count() == 2


def test_a_notice_of_another_business_reaches_no_channel_of_ours(
    shop: Business, other_shop: Business, slack: Channel, outside: Outsider
) -> None:
    raise_one(other_shop.pk)
    raise_one(None)
    work()
    assert told() == {"mail"}
    assert outside.received == []


def test_channels_are_told_from_their_lowest_severity_on(shop: Business, outside: Outsider) -> None:
    for lowest in ("info", "error", "critical"):
        add_channel(business_id=shop.pk, kind="slack", name=lowest, secret=outside.url, lowest=lowest, actor=ACTOR)
    raise_one(shop.pk, severity="error")
    assert told() == {"mail", "info", "error"}


def test_a_mail_channel_takes_the_place_of_the_mail_without_one(shop: Business) -> None:
    channel = add_channel(business_id=shop.pk, kind="email", name="desk", lowest="critical", actor=ACTOR)
    raise_one(shop.pk, severity="critical")
    raise_one(shop.pk, severity="error", dedup_key="less")
    assert told() == {"desk"}
    assert Delivery.objects.count() == 1
    change_channel(channel_id=channel.pk, business_id=shop.pk, actor=ACTOR, enabled=False)
    raise_one(shop.pk, dedup_key="next")
    assert told() == {"desk", "mail"}


@pytest.mark.parametrize("hostile", ["a\r\nBcc: x@y.z", "<!channel>" * 600, "\0\ud800\u202e", "", " \n "])
def test_a_caller_in_trouble_is_not_refused_for_its_words(shop: Business, hostile: str) -> None:
    notice = raise_one(
        shop.pk, title=hostile, text=hostile, facts=[(hostile, hostile), ("x", None)], link=hostile, source=hostile
    )
    notice.refresh_from_db()
    assert notice.title and "\n" not in notice.title and len(notice.title) <= 300
    assert notice.link == ""
    work()


def test_what_only_a_programmer_gets_wrong_is_refused(shop: Business) -> None:
    for wrong in ({"severity": "terrible"}, {"dedup_key": ""}, {"dedup_key": "x" * 201}):
        with pytest.raises(ValueError):
            raise_one(shop.pk, **wrong)
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    ("kind", "secret"),
    [("slack", ""), ("slack", "hooks.slack.com/x"), ("slack", "ftp://hooks.slack.com"), ("slack", "http://10.0.0.1/"),
     ("slack", "https://u:p@hooks.slack.com/"), ("pagerduty", ""), ("pagerduty", "short"),
     ("pagerduty", ROUTING_KEY + "0"),
     ("pagerduty", ROUTING_KEY[:-1] + "\n")],
)  # fmt: skip
def test_a_secret_that_is_none_is_refused_without_repeating_it(shop: Business, kind: str, secret: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_secret(kind, secret)
    assert secret == "" or secret.strip() not in str(refused.value)
    with pytest.raises(Invalid):
        add_channel(business_id=shop.pk, kind=kind, name="x", secret=secret, actor=ACTOR)
    assert not Channel.objects.exists()


def test_addresses_are_checked() -> None:
    assert checked_addresses("email", [" a@b.example ", "", "a@b.example"]) == ["a@b.example"]
    for wrong in (["nobody"], ["a@b.example\nBcc: x@y.z"], [f"a{n}@b.example" for n in range(21)]):
        with pytest.raises(Invalid):
            checked_addresses("email", wrong)
    with pytest.raises(Invalid):
        checked_addresses("slack", ["a@b.example"])


def test_a_business_has_so_many_channels_and_no_more(shop: Business, other_shop: Business) -> None:
    for number in range(20):
        add_channel(business_id=shop.pk, kind="email", name=str(number), actor=ACTOR)
    with pytest.raises(Invalid, match="At most 20"):
        add_channel(business_id=shop.pk, kind="email", name="one more", actor=ACTOR)
    add_channel(business_id=other_shop.pk, kind="email", name="theirs", actor=ACTOR)


@pytest.mark.parametrize(
    "wrong", [{"kind": "slack", "secret": ""}, {"kind": "email", "secret": "x"}, {"lowest": "bad"}, {"kind": "fax"}]
)
def test_the_database_refuses_a_channel_that_is_none(shop: Business, wrong: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Channel.objects.create(business=shop, name="x", **({"kind": "email"} | wrong))


def test_changes_of_channels_are_in_the_audit(shop: Business, slack: Channel) -> None:
    change_channel(channel_id=slack.pk, business_id=shop.pk, actor=ACTOR, secret="https://example.com/new", name="n")
    remove_channel(channel_id=slack.pk, business_id=shop.pk, actor=ACTOR)
    events = Event.objects.filter(subject_type="alert_channel").order_by("id")
    assert [event.kind.split(".")[1] for event in events] == ["added", "changed", "removed"]
    assert {event.actor for event in events} == {ACTOR}
    assert events[1].data["changed"] == ["name", "secret"]


@pytest.mark.django_db(transaction=True)
def test_raising_and_resolving_at_once_leaves_no_half(shop: Business) -> None:
    stop = threading.Event()

    def raising(_: int) -> None:
        for _ in range(15):
            raise_one(shop.pk)
        stop.set()

    def resolving(_: int) -> None:
        while not stop.wait(0.005):
            resolve_one(shop.pk)
        connection.close()

    in_threads(2, lambda n: (raising, resolving)[n](n))
    resolve_one(shop.pk)
    assert not Notice.objects.filter(resolved_at=None).exists()
    assert Delivery.objects.count() == Notice.objects.count()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"withdrawn"}
