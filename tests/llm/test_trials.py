"""A provider tested because a person asks: on a worker, once at a time, with words that help and never with its key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as configured
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.core.errors import NotFound
from apps.core.ids import new_id
from apps.core.models import Event
from apps.core.sealing import seal
from apps.llm.keeping import change_provider, remove_provider
from apps.llm.models import Provider, Trial, Usage
from apps.llm.providing import settings_id
from apps.llm.tasks import run_trial
from apps.llm.trial_states import LEASE, TrialState
from apps.llm.trials import begin_trial
from tests.llm.conftest import KEY
from tests.llm.providers import Provider as Server

pytestmark = pytest.mark.django_db

Make = Callable[..., Provider]


def begun(shop: Business, provider_id: UUID) -> Trial:
    assert begin_trial(business_id=shop.pk, provider_id=provider_id, actor="user:bob", now=timezone.now())
    return Trial.objects.get(business=shop, provider_id=provider_id)


def run(trial: Trial) -> Trial:
    run_trial(str(trial.business_id), str(trial.pk), str(trial.turn))
    trial.refresh_from_db()
    return trial


def tried(shop: Business, row: Provider) -> Trial:
    return run(begun(shop, row.pk))


def test_it_is_asked_for_and_a_worker_carries_it_out(shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server, enabled=False)
    trial = begun(shop, row.pk)
    assert (trial.state, server.asked) == (TrialState.ASKED, [])
    run(trial)
    assert (trial.state, trial.asked_by) == (TrialState.PASSED, "user:bob")
    assert trial.words.startswith("house-model answered in ")
    assert Usage.objects.get().purpose == "test"
    kinds = Event.objects.order_by("id").values_list("kind", "subject_type", "subject_id", "business_id")
    expected = [("provider.test_asked", "provider"), ("provider.tested", "provider")]
    assert list(kinds) == [(*one, str(row.pk), shop.pk) for one in expected], "open pages are told by these"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("echo_key", "Its key is refused (401)"),
        ("404", "goes up to and with /v1"),
        ("no_model", "It has no model called house-model"),
        ("no_credit", "no credit left"),
        ("forbidden", "may not use this model"),
        ("429", "asked too often"),
        ("503", "trouble of its own (503)"),
        ("redirect", "is not followed"),
        ("400", "extra headers may be wrong"),
        ("not_json", "Something else than an OpenAI-compatible API"),
        ("huge", "Something else than an OpenAI-compatible API"),
        ("bomb", "Something else than an OpenAI-compatible API"),
        ("hang", "It may be given more seconds"),
        ("reset", "could not be reached"),
    ],
)
def test_each_failure_has_words_that_help(
    shop: Business, server: Server, make_provider: Make, mode: str, words: str
) -> None:
    server.mode = mode
    trial = tried(shop, make_provider(server, timeout_seconds=1 if mode == "hang" else 10))
    assert trial.state == TrialState.FAILED
    assert words in trial.words
    assert KEY not in trial.words
    assert not Event.objects.filter(data__icontains=KEY).exists()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:9/v1", "Nothing answers at this host and port"),
        ("http://no-such-host.invalid/v1", "cannot be found"),
        ("http://10.1.2.3/v1", "OUTBOUND_ALLOWED_NETWORKS"),
    ],
)
def test_an_address_that_is_wrong_is_told_apart(
    shop: Business, server: Server, make_provider: Make, address: str, words: str
) -> None:
    assert words in tried(shop, make_provider(server, base_url=address)).words


def test_a_server_without_tls_is_told(shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server, base_url=server.base_url.replace("http://", "https://"))
    assert "No secure connection" in tried(shop, row).words


def test_without_a_key_it_says_that_none_is_set(shop: Business, server: Server, make_provider: Make) -> None:
    server.mode = "401"
    assert "wants a key (401), and none is set" in tried(shop, make_provider(server, key="")).words


def test_a_key_that_cannot_be_opened_is_told(shop: Business, server: Server, make_provider: Make) -> None:
    assert "Enter the key anew" in tried(shop, make_provider(server, key="broken")).words


def test_one_that_thinks_all_its_tokens_away_works(shop: Business, server: Server, make_provider: Make) -> None:
    server.reply, server.finish_reason = lambda asked: "", "length"
    trial = tried(shop, make_provider(server))
    assert trial.state == TrialState.PASSED
    assert "used up in thinking" in trial.words


def test_one_that_is_slow_is_said_to_be(shop: Business, server: Server, make_provider: Make) -> None:
    server.mode, server.seconds = "slow", 0.7
    trial = tried(shop, make_provider(server, timeout_seconds=1))
    assert trial.state == TrialState.PASSED
    assert "slow for the 1 s it has" in trial.words


def test_an_embedding_provider_is_tested_with_a_vector(shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server, kind="embedding", dim=8)
    assert "8 numbers" in tried(shop, row).words
    server.dim = 16
    trial = tried(shop, row)
    assert (trial.state, "where 8 are set" in trial.words) == (TrialState.FAILED, True)


def test_twice_is_once_while_it_is_under_way(shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server)
    trial = begun(shop, row.pk)
    assert not begin_trial(business_id=shop.pk, provider_id=row.pk, actor="user:bo", now=timezone.now())
    run(trial)
    run(trial)
    assert len(server.asked) == 1, "a message that comes twice finds nothing to do"
    assert begun(shop, row.pk).pk == trial.pk
    assert Trial.objects.count() == 1


def test_one_that_nobody_ended_may_be_begun_anew(shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server)
    lost = begun(shop, row.pk)
    Trial.objects.update(state=TrialState.RUNNING, asked_at=timezone.now() - LEASE - timedelta(seconds=1))
    fresh = begun(shop, row.pk)
    assert fresh.turn != lost.turn
    run_trial(str(shop.pk), str(lost.pk), str(lost.turn))
    assert server.asked == [], "the message of the one before finds nothing to do"
    assert run(fresh).state == TrialState.PASSED


def test_a_message_that_waited_too_long_does_nothing(shop: Business, server: Server, make_provider: Make) -> None:
    trial = begun(shop, make_provider(server).pk)
    Trial.objects.update(asked_at=timezone.now() - LEASE - timedelta(seconds=1))
    assert run(trial).state == TrialState.ASKED
    assert server.asked == []


@pytest.mark.django_db(transaction=True)
def test_one_that_is_changed_meanwhile_leaves_no_result(shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server)

    def change(received: Any) -> None:
        change_provider(provider=row, actor="user:bob", model="another")
        connection.close()

    server.on_call = change
    trial = begun(shop, row.pk)
    run_trial(str(shop.pk), str(trial.pk), str(trial.turn))
    assert len(server.asked) == 1
    assert not Trial.objects.exists(), "what was found is about the model before"
    assert not Event.objects.filter(kind="provider.tested").exists()


def test_one_that_is_removed_is_not_tested(shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server)
    trial = begun(shop, row.pk)
    remove_provider(provider=row, actor="user:bob")
    run_trial(str(shop.pk), str(trial.pk), str(trial.turn))
    assert server.asked == []


def test_nobody_elses_is_tested(shop: Business, other_shop: Business, server: Server, make_provider: Make) -> None:
    row = make_provider(server)
    with pytest.raises(NotFound):
        begin_trial(business_id=other_shop.pk, provider_id=row.pk, actor="user:mallory", now=timezone.now())
    trial = begun(shop, row.pk)
    run_trial(str(other_shop.pk), str(trial.pk), str(trial.turn))
    assert server.asked == []


def test_the_page_tells_how_it_goes(
    signed_in: Any, bob: User, shop: Business, server: Server, make_provider: Make
) -> None:
    row = make_provider(server, headers=seal('{"x-gate": "gw-secret"}'))
    client = signed_in(bob)
    answer = client.post(reverse("admin:models-test", args=[row.pk]))
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/models/#provider-{row.pk}")
    page = client.get(reverse("admin:models")).content.decode()
    assert "Being tested" in page
    assert "data-running" in page
    run(Trial.objects.get())
    part = client.get(reverse("admin:models-standings")).content.decode()
    assert "It works" in part
    assert "Tested by bob" in part
    assert "data-running" not in part
    server.mode = "echo_key"
    client.post(reverse("admin:models-test", args=[row.pk]))
    run(Trial.objects.get())
    part = client.get(reverse("admin:models-standings")).content.decode()
    assert "Its key is refused (401)" in part
    assert KEY not in part
    assert "gw-secret" not in part


def test_one_that_nobody_ends_is_said_to_be_lost(
    signed_in: Any, bob: User, shop: Business, server: Server, make_provider: Make
) -> None:
    begun(shop, make_provider(server).pk)
    Trial.objects.update(asked_at=timezone.now() - LEASE - timedelta(seconds=1))
    page = signed_in(bob).get(reverse("admin:models")).content.decode()
    assert "Are workers running?" in page
    assert "data-running" not in page


def test_the_provider_of_the_settings_is_tested_too(
    signed_in: Any, bob: User, shop: Business, server: Server, settings: Any
) -> None:
    settings.LLM_BASE_URL, settings.LLM_MODEL = server.base_url, "house-model"
    client, pk = signed_in(bob), settings_id(configured.LLM_BASE_URL)
    assert str(pk) in client.get(reverse("admin:models")).content.decode()
    client.post(reverse("admin:models-test", args=[pk]))
    assert run(Trial.objects.get()).state == TrialState.PASSED


def test_what_is_not_there_is_not_tested(signed_in: Any, alice: User, bob: User) -> None:
    url = reverse("admin:models-test", args=[new_id()])
    assert signed_in(alice).post(url).status_code == 403
    assert signed_in(bob).post(url).status_code == 404
    assert signed_in(bob).get(reverse("admin:models-standings")).status_code == 200
