"""The page of the pilot: who sees whose figures, what it says, what is behind a figure, and its exports."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.drafts.figures import NINE
from apps.drafts.models import BackfillRun, MaintenanceRun
from apps.drafts.piloting import set_up_pilot
from apps.pilots.models import Feature, PilotBusiness
from tests.drafts.drafted import decided, drafts

pytestmark = pytest.mark.django_db

PAGE = "/admin/metrics/rag-pilot/"
MOST_QUERIES = 26
SignedIn = Any


def shown(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_it_is_there_with_and_without_its_slash(signed_in: SignedIn, victor: Any) -> None:
    client = signed_in(victor)
    for path in (PAGE, PAGE.rstrip("/")):
        page = shown(client, path)
        assert all(f'id="{figure.name}"' in page for figure in NINE)
        assert "No draft was made in this window" in page and "The pilot is not set up" in page


def test_a_person_sees_the_figures_of_their_business_alone(
    signed_in: SignedIn, alice: Any, shop: Business, other_shop: Business
) -> None:
    drafts(shop, 3)
    drafts(other_shop, 5, hallucinations=1)
    page = shown(signed_in(alice), f"{PAGE}?business={other_shop.slug}")
    assert "3 mails drafted for" in page and 'data-standing="alert"' not in page
    assert other_shop.name not in page


def test_somebody_outside_is_sent_away(client: Client) -> None:
    assert client.get(PAGE).status_code == 302


def test_a_hallucination_is_an_alert_with_its_draft_behind(signed_in: SignedIn, alice: Any, shop: Business) -> None:
    drafts(shop, 30)
    (bad,) = drafts(shop, 1, hallucinations=2)
    client = signed_in(alice)
    page = shown(client)
    card = page.split('id="hallucination_count"')[1].split("</section>")[0]
    assert 'data-standing="alert"' in page and "<strong>2</strong>" in card and "of 31 drafts" in card
    behind = shown(client, f"{PAGE}drafts/?figure=hallucination_count&which=hits")
    assert behind.count("unsupported fact") == 1 + 1
    assert f"/admin/mail/threads/{bad.thread_id}/" in behind
    assert shown(client, f"{PAGE}drafts/?figure=hallucination_count&which=others").count("/admin/mail/threads/0") == 30


def test_what_is_behind_comes_in_pages(signed_in: SignedIn, alice: Any, shop: Business) -> None:
    decided(shop, 60, state="discarded")
    client = signed_in(alice)
    first = shown(client, f"{PAGE}drafts/?figure=discard_rate&which=hits")
    assert first.count('id="thread-') == 50
    older = first.split('id="older" href="')[1].split('"')[0].replace("&amp;", "&")
    assert shown(client, f"{PAGE}drafts/{older}").count('id="thread-') == 10


@pytest.mark.parametrize(
    "query", ["figure=nothing", "figure=", "figure=discard_rate&after=x", "figure=discard_rate&from=x&to=99"]
)
def test_a_query_that_makes_no_sense_is_no_error(signed_in: SignedIn, alice: Any, query: str) -> None:
    answer = signed_in(alice).get(f"{PAGE}drafts/?{query}")
    assert answer.status_code == (200 if "discard_rate" in query else 404)


@pytest.mark.parametrize("query", ["window=9y", "arm=none", "business=%00", "window=%00&arm=%27"])
def test_a_filter_that_is_unknown_is_the_usual_one(signed_in: SignedIn, root: Any, query: str) -> None:
    assert "Nothing to draw" in shown(signed_in(root), f"{PAGE}?{query}")


def test_arms_are_shown_apart_and_compared(signed_in: SignedIn, alice: Any, shop: Business) -> None:
    decided(shop, 40, arm="retrieval", edit=0.1)
    decided(shop, 30, arm="control", edit=0.6)
    client = signed_in(alice)
    whole = shown(client)
    assert "Drafts with retrieval are edited less" in whole and "40 threads" in whole
    assert "30 mails drafted for" in shown(client, f"{PAGE}?arm=control")


def test_a_superuser_sees_all_of_the_pilot_and_each(
    signed_in: SignedIn, root: Any, shop: Business, other_shop: Business
) -> None:
    feature = set_up_pilot(actor="user:root@example.com", home=shop.pk)
    with across_businesses():
        for business in (shop, other_shop):
            PilotBusiness.objects.create(
                feature=feature, business=business, enabled_at=feature.created_at, enabled_by="user:root@example.com"
            )
    drafts(shop, 3)
    drafts(other_shop, 4)
    client = signed_in(root)
    together = shown(client, f"{PAGE}?business=pilot")
    assert "7 mails drafted for by 2 businesses" in together and "Each business" in together
    assert "4 mails drafted for" in shown(client, f"{PAGE}?business={other_shop.slug}")


def test_the_export_says_what_the_page_says(signed_in: SignedIn, alice: Any, shop: Business) -> None:
    decided(shop, 8, edit=0.1)
    decided(shop, 2, state="discarded")
    client = signed_in(alice)
    told = client.get(f"{PAGE}export/json/").json()
    whole = {row["figure"]: row for row in told["figures"] if row["whole"]}
    assert (whole["draft_approval_rate"]["n"], whole["draft_approval_rate"]["value"]) == (10, 0.8)
    assert whole["token_accuracy"]["value"] is None
    answer = client.get(f"{PAGE}export/csv/?window=24h")
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == 16 * 25
    assert client.get(f"{PAGE}export/xml/").status_code == 404


def test_the_page_takes_few_queries_however_much_there_is(
    signed_in: SignedIn, root: Any, shop: Business, other_shop: Business
) -> None:
    client = signed_in(root)
    shown(client)
    for business in (shop, other_shop):
        decided(business, 60, arm="retrieval", edit=0.2, retrieval="hit", retrieval_ms=20.0)
    with CaptureQueriesContext(connection) as queries:
        shown(client, f"{PAGE}?business={shop.slug}")
    assert len(queries) <= MOST_QUERIES, len(queries)


def test_only_a_superuser_sets_the_pilot_up(signed_in: SignedIn, carol: Any, root: Any, shop: Business) -> None:
    assert signed_in(carol).post(f"{PAGE}set-up/").status_code == 403
    client = signed_in(root)
    answer = client.post(f"{PAGE}set-up/")
    assert answer["Location"].endswith("/features/RAG_PILOT/")
    assert client.post(f"{PAGE}set-up/").status_code == 302
    with across_businesses():
        assert Feature.objects.get(key="RAG_PILOT").guards.count() == 8


def test_admins_run_a_backfill_from_the_page(signed_in: SignedIn, bob: Any, alice: Any, shop: Business) -> None:
    assert signed_in(alice).post(f"{PAGE}backfill/", {"days": 30}).status_code == 403
    client = signed_in(bob)
    assert "days: From 1 to 3,650" in client.post(f"{PAGE}backfill/", {"days": "0"}, follow=True).content.decode()
    client.post(f"{PAGE}backfill/", {"days": "30", "per_second": "20"})
    with across_businesses():
        run = BackfillRun.objects.get()
    assert (run.business, run.days, run.per_second, run.state) == (shop, 30, 20.0, "running")
    for do, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        client.post(f"{PAGE}backfill/{run.pk}/", {"do": do})
        with across_businesses():
            run.refresh_from_db()
        assert run.state == state
    assert (
        "This backfill is cancelled"
        in client.post(f"{PAGE}backfill/{run.pk}/", {"do": "pause"}, follow=True).content.decode()
    )


def test_nobody_stops_the_backfill_of_another(
    signed_in: SignedIn, mallory: Any, bob: Any, shop: Business, other_shop: Business
) -> None:
    with across_businesses():
        run = BackfillRun.objects.create(business=shop, days=3, since="2026-01-01T00:00Z")
    page = signed_in(mallory).post(f"{PAGE}backfill/{run.pk}/", {"do": "cancel"}, follow=True).content.decode()
    assert "There is no such backfill" in page
    with across_businesses():
        run.refresh_from_db()
    assert run.state == "running"


def test_nights_are_listed(signed_in: SignedIn, alice: Any, shop: Business) -> None:
    with across_businesses():
        MaintenanceRun.objects.create(business=shop, day="2026-11-19", indexed=12, kept=340, error="It broke")
    page = shown(signed_in(alice))
    assert "19 Nov 2026" in page and "340" in page and "It broke" in page


def test_where_no_model_wrote_token_estimates_do_not_apply(signed_in: SignedIn, alice: Any, shop: Business) -> None:
    drafts(shop, 30, made_by="template")
    client = signed_in(alice)
    card = shown(client).split('id="token_accuracy"')[1].split("</section>")[0]
    assert 'data-standing="does_not_apply"' in card and "none of 30 drafts written by a model" in card
    rows = client.get(f"{PAGE}export/json/").json()["figures"]
    told = {row["figure"]: row["standing"] for row in rows if row["whole"]}
    assert (told["token_accuracy"], told["rag_hit_rate"]) == ("does not apply", "no data")
    drafts(shop, 1, made_by="model")
    card = shown(client).split('id="token_accuracy"')[1].split("</section>")[0]
    assert 'data-standing="no_data"' in card and "nothing to measure" in card


def test_a_standing_is_told_by_more_than_its_colour(signed_in: SignedIn, root: Any, shop: Business) -> None:
    feature = set_up_pilot(actor="user:root@example.com", home=shop.pk)
    with across_businesses():
        PilotBusiness.objects.create(
            feature=feature, business=shop, enabled_at=timezone.now(), enabled_by="user:root@example.com"
        )
    drafts(shop, 1, hallucinations=1)
    each = shown(signed_in(root), f"{PAGE}?business=pilot").split("Each business")[1]
    assert 'aria-hidden="true">▲' in each and "alert: </span>" in each


def test_the_feature_says_which_criterion_does_not_apply(signed_in: SignedIn, root: Any, shop: Business) -> None:
    feature = set_up_pilot(actor="user:root@example.com", home=shop.pk)
    with across_businesses():
        PilotBusiness.objects.create(
            feature=feature, business=shop, enabled_at=timezone.now(), enabled_by="user:root@example.com"
        )
        Feature.objects.filter(pk=feature.pk).update(stage=3, stage_since=timezone.now())
    drafts(shop, 100, made_by="template")
    page = shown(signed_in(root), f"/admin/features/{feature.key}/")
    assert "does not apply" in page and "none of 100 drafts in 48 h written by a model" in page
