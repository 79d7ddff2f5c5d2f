"""The pages of models: for admins only; keys go in and never come out; what an act refuses stands beside its field."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.core import breaking
from apps.core.ids import new_id
from apps.core.models import Event
from apps.core.sealing import seal, unseal
from apps.llm.models import Provider
from apps.llm.providing import has_provider
from tests.llm.conftest import KEY
from tests.llm.providers import Provider as Server
from tests.llm.test_noting import a_use

pytestmark = pytest.mark.django_db

Make = Callable[..., Provider]


def filled(server: Server, **fields: Any) -> dict[str, Any]:
    given = {
        "kind": "chat", "name": "House", "base_url": server.base_url, "key": KEY, "model": "m", "timeout_seconds": 5,
        "retries": 1, "form": "schema", "headers": "X-Team: mail\nX-Gateway-Key: gw-secret",
    }  # fmt: skip
    return given | fields


def act(client: Any, row: Provider, name: str) -> Any:
    return client.post(reverse("admin:models-act", args=[row.pk, name]))


@pytest.mark.parametrize("name", ["models", "models-add", "usage", "usage-csv"])
def test_only_admins_see_them(signed_in: Any, alice: User, bob: User, name: str) -> None:
    assert signed_in(alice).get(reverse(f"admin:{name}")).status_code == 403
    assert signed_in(bob).get(reverse(f"admin:{name}")).status_code == 200


def test_an_admin_adds_a_provider_and_its_key_is_never_seen_again(
    signed_in: Any, bob: User, shop: Business, server: Server
) -> None:
    client = signed_in(bob)
    answer = client.post(reverse("admin:models-add"), filled(server))
    assert answer.status_code == 302, answer.content
    row = Provider.objects.get()
    assert (row.business, row.name, row.position) == (shop, "House", 0)
    assert KEY not in row.key
    assert unseal(row.key) == KEY
    for name in (reverse("admin:models"), reverse("admin:models-edit", args=[row.pk])):
        page = client.get(name).content.decode()
        assert "House" in page
        assert KEY not in page
        assert "gw-secret" not in page
    event = Event.objects.get(kind="provider.added")
    assert KEY not in str(event.data)
    assert has_provider(shop.pk)


def test_what_is_left_empty_is_kept_and_what_is_ticked_is_taken_away(
    signed_in: Any, bob: User, server: Server, make_provider: Make
) -> None:
    row = make_provider(server, headers=seal('{"a": "b"}'))
    client, url = signed_in(bob), reverse("admin:models-edit", args=[row.pk])
    client.post(url, filled(server, key="", headers="", name="Renamed"))
    row.refresh_from_db()
    assert (row.name, unseal(row.key), unseal(row.headers)) == ("Renamed", KEY, '{"a": "b"}')
    client.post(url, filled(server, key="", headers="", drop_key="on", drop_headers="on"))
    row.refresh_from_db()
    assert (row.key, row.headers) == ("", "")


def test_a_key_does_not_move_to_another_address(signed_in: Any, bob: User, server: Server, make_provider: Make) -> None:
    row = make_provider(server)
    url = reverse("admin:models-edit", args=[row.pk])
    answer = signed_in(bob).post(url, filled(server, key="", headers="", base_url="https://thief.example/v1"))
    assert answer.status_code == 422
    assert "give its key" in answer.content.decode()
    row.refresh_from_db()
    assert row.base_url == server.base_url


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"base_url": "http://10.0.0.7/v1"}, "may not be reached"),
        ({"base_url": "http://169.254.169.254/v1"}, "may not be reached"),
        ({"base_url": "https://user:pw@llm.example/v1"}, "name or password"),
        ({"base_url": "https://llm.example/v1?key=1"}, "Without ?"),
        ({"base_url": "file:///etc/passwd"}, "Enter a valid URL"),
        ({"key": "two words"}, "spaces"),
        ({"headers": "Host: evil.example"}, "set by Gatehouse"),
        ({"headers": "no colon"}, "Name: value"),
        ({"headers": "Bad name: x"}, "letters, digits"),
        ({"timeout_seconds": "0"}, "greater than or equal to 1"),
        ({"price_in": "-1"}, "greater than or equal to 0"),
        ({"name": "settings"}, "provider of the settings"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    signed_in: Any, bob: User, server: Server, fields: dict[str, str], words: str
) -> None:
    answer = signed_in(bob).post(reverse("admin:models-add"), filled(server, **fields))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert KEY not in answer.content.decode()
    assert not Provider.objects.exists()


def test_two_of_one_name_are_refused(signed_in: Any, bob: User, server: Server) -> None:
    client = signed_in(bob)
    client.post(reverse("admin:models-add"), filled(server))
    assert "already" in client.post(reverse("admin:models-add"), filled(server)).content.decode()


def test_they_are_put_in_order_and_switched(
    signed_in: Any, bob: User, shop: Business, server: Server, make_provider: Make
) -> None:
    one, two, three = (make_provider(server, name=name) for name in ("one", "two", "three"))
    client = signed_in(bob)
    act(client, three, "up")
    act(client, one, "up")
    assert list(Provider.objects.order_by("position").values_list("name", flat=True)) == ["one", "three", "two"]
    act(client, one, "down")
    assert list(Provider.objects.order_by("position").values_list("name", flat=True)) == ["three", "one", "two"]
    for row in (one, two, three):
        act(client, row, "off")
        act(client, row, "off")
    assert not has_provider(shop.pk)
    assert Event.objects.filter(kind="provider.switched_off").count() == 3
    act(client, two, "on")
    assert has_provider(shop.pk)
    act(client, two, "remove")
    assert not Provider.objects.filter(pk=two.pk).exists()
    assert act(client, two, "up").status_code == 404
    assert act(client, one, "explode").status_code == 404


def test_looking_changes_nothing(signed_in: Any, bob: User, server: Server, make_provider: Make) -> None:
    row = make_provider(server)
    assert signed_in(bob).get(reverse("admin:models-act", args=[row.pk, "remove"])).status_code == 405
    assert signed_in(bob).get(reverse("admin:models-test", args=[row.pk])).status_code == 405


def test_a_breaker_is_shown_and_closed_by_hand(
    signed_in: Any, bob: User, server: Server, make_provider: Make, settings: Any
) -> None:
    settings.AGENT_BREAKER_FAILURES = 1
    row = make_provider(server)
    breaking.note(row.pk, ok=False, why="timeout", told="It did not answer")
    client = signed_in(bob)
    page = client.get(reverse("admin:models")).content.decode()
    assert "left in peace" in page
    assert "It did not answer" in page
    act(client, row, "close")
    assert breaking.standing(row.pk).light is breaking.Light.CLOSED


def test_what_serves_every_business_only_superusers_change(
    signed_in: Any, bob: User, server: Server, make_provider: Make
) -> None:
    row = make_provider(server, business=None, name="Everybody's")
    client = signed_in(bob)
    page = client.get(reverse("admin:models")).content.decode()
    assert "Everybody" in page
    assert server.url.removeprefix("http://") not in page, "where it lies is not theirs to know"
    assert client.get(reverse("admin:models-edit", args=[row.pk])).status_code == 403
    assert act(client, row, "off").status_code == 403
    answer = client.post(reverse("admin:models-add"), filled(server, scope="installation"))
    assert answer.status_code == 302
    assert Provider.objects.get(name="House").business is not None


def test_a_superuser_adds_one_for_every_business(
    signed_in: Any, root: User, shop: Business, other_shop: Business, server: Server
) -> None:
    from apps.accounts.models import Membership

    Membership.objects.create(business=shop, user=root, role="admin")
    client = signed_in(root)
    assert client.post(reverse("admin:models-add"), filled(server, scope="installation")).status_code == 302
    row = Provider.objects.get()
    assert row.business is None
    assert has_provider(other_shop.pk)
    act(client, row, "off")
    assert not has_provider(other_shop.pk)


def test_nobody_elses_provider_can_be_touched(
    signed_in: Any, mallory: User, server: Server, make_provider: Make
) -> None:
    row = make_provider(server)
    client = signed_in(mallory)
    assert client.get(reverse("admin:models-edit", args=[row.pk])).status_code == 404
    assert act(client, row, "off").status_code == 404
    assert client.post(reverse("admin:models-test", args=[row.pk])).status_code == 404
    assert server.received == []


def test_the_page_of_use_sums_up_and_exports(signed_in: Any, bob: User, shop: Business, other_shop: Business) -> None:
    a_use(shop, purpose="draft", cost="0.5", tokens_in=1000)
    a_use(shop, purpose="judge", why="timeout", error="=cmd()")
    a_use(other_shop, purpose="theirs")
    client = signed_in(bob)
    page = client.get(reverse("admin:usage"), {"by": "purpose"}).content.decode()
    assert "1,000" in page
    assert "0.5000" in page
    assert "theirs" not in page
    sent = client.get(reverse("admin:usage-csv"))
    text = b"".join(sent.streaming_content).decode()
    assert text.count("\n") == 3
    assert "'=cmd()" in text
    assert "theirs" not in text
    assert "draft" not in client.get(reverse("admin:usage"), {"failed": "1"}).content.decode().split("<tbody>", 1)[1]


@pytest.mark.parametrize("query", ["?days=x&by=y&page=-1", "?page=999999999999", "?model=%00", "?purpose=" + "x" * 500])
def test_the_page_of_use_takes_any_address(signed_in: Any, bob: User, query: str) -> None:
    assert signed_in(bob).get(reverse("admin:usage") + query).status_code == 200


def test_the_pages_cost_few_queries(
    signed_in: Any, bob: User, shop: Business, server: Server, make_provider: Make, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        row = make_provider(server)
        a_use(shop, provider=row.name, provider_id=row.pk, call=new_id())
    client = signed_in(bob)
    client.get(reverse("admin:models"))
    with django_assert_max_num_queries(16):
        client.get(reverse("admin:models"))
    with django_assert_max_num_queries(18):
        client.get(reverse("admin:usage"))
