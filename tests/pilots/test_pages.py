"""The pages of features: who sees what, what they say in every state, and how few queries they take."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business, Membership, User
from apps.core.ids import new_id
from apps.pilots.bulk_adding import add_businesses
from apps.pilots.defining import archive_feature, create_feature, edit_feature
from apps.pilots.guarding import create_guard
from apps.pilots.ladder import Level
from apps.pilots.models import Advance, Feature, Guard, GuardReading, Incident
from apps.pilots.pasted import read_list
from apps.pilots.plans import seven_day_plan
from apps.pilots.rollback import roll_back
from apps.pilots.switching import set_default, switch_off, switch_on

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
ROOT = "user:root@example.com"
PAGE = "/admin/features/RAG_PILOT/"
OF_ONE = ["", "businesses/", "standing/", "history/", "edit/", "ladder/", "add/", "rollback/", "guards/new/"]


@pytest.fixture
def people(alice: User, victor: User, bob: User, carol: User, mallory: User, root: User) -> dict[str, User]:
    return {"alice": alice, "victor": victor, "bob": bob, "carol": carol, "mallory": mallory, "root": root}


@pytest.fixture
def no_switches(db: None) -> None:
    """Without the switches of the gate, which are features as well."""
    Feature.objects.all().delete()


def queries(browser: Any, address: str) -> int:
    """How many queries a page takes, once what it keeps in memory is there."""
    browser.get(address)
    with CaptureQueriesContext(connection) as taken:
        assert browser.get(address).status_code == 200
    return len(taken)


def text_of(answer: Any) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.parametrize(
    ("name", "listed", "one"),
    [
        ("victor", 403, 403),
        ("alice", 403, 403),
        ("bob", 200, 200),
        ("carol", 200, 200),
        ("mallory", 200, 404),
        ("root", 200, 200),
    ],
)
def test_who_sees_the_pages(
    signed_in: SignIn, people: dict[str, User], feature: Feature, name: str, listed: int, one: int
) -> None:
    browser = signed_in(people[name])
    assert browser.get("/admin/features/").status_code == listed
    assert {browser.get(PAGE + path).status_code for path in OF_ONE} == {one}
    assert ("/admin/features/" in browser.get("/admin/queue/").content.decode()) is (listed == 200)


def test_who_is_not_signed_in_is_led_to_sign_in(client: Any, feature: Feature) -> None:
    for path in ("/admin/features/", *(PAGE + path for path in OF_ONE)):
        answer = client.get(path)
        assert (answer.status_code, "/admin/login/" in answer["Location"]) == (302, True)


@pytest.mark.parametrize("key", ["nothing", "RAG%00PILOT", "../etc", "RAG_PILOT%2F", "a" * 300])
def test_a_feature_that_is_not_there_is_404(signed_in: SignIn, root: User, feature: Feature, key: str) -> None:
    assert signed_in(root).get(f"/admin/features/{key}/").status_code == 404


def test_the_list_says_what_to_do_where_there_is_nothing(
    signed_in: SignIn, root: User, mallory: User, shop: Business, no_switches: None
) -> None:
    assert "Make the first one" in text_of(signed_in(root).get("/admin/features/"))
    assert "No feature concerns Other Shop now" in text_of(signed_in(mallory).get("/admin/features/"))


def test_the_list_tells_how_each_stands(
    signed_in: SignIn, bob: User, shop: Business, more_shops: list[Business]
) -> None:
    def make(key: str, **changes: Any) -> Feature:
        made = create_feature(key=key, home_id=shop.pk, owner_id=bob.pk, ladder=seven_day_plan(), actor=ROOT)
        Feature.objects.filter(pk=made.pk).update(**changes)
        return made

    make("f_none")
    make("f_base", stage=1)
    pilot = make("f_pilot", stage=2, stage_since=timezone.now())
    switch_on(feature_id=pilot.pk, business_id=shop.pk, actor=ROOT)
    rolling = make("f_rolling", stage=5, share=25)
    switch_off(feature_id=rolling.pk, business_id=shop.pk, actor=ROOT, hold=True)
    make("f_all", stage=7, share=100)
    back = make("f_back", stage=4, share=10)
    switch_on(feature_id=back.pk, business_id=shop.pk, actor=ROOT)
    roll_back(feature_id=back.pk, level=Level.EVERYTHING, reason="Harm", actor=ROOT)
    archive_feature(feature_id=make("f_gone").pk, actor=ROOT)
    long_ago = timezone.now() - timedelta(days=400)
    make("f_stale", created_at=long_ago, changed_at=long_ago)

    browser = signed_in(bob)
    page = text_of(browser.get("/admin/features/"))
    for words in (
        "All 7", "not begun", "baseline", "rolling out 25 %", "everyone", "rolled back", "1 of 21", "21 of 21",
        "1 held back", "Pilot, 2 of 7", "next Expansion, 2 criteria, not before", "Nothing has asked for it",
        "no guard", "owner Bob", "root@example.com", "this process looked",
    ):  # fmt: skip
        assert words in page, words
    assert "f_gone" not in page
    for state, keys in {
        "not_begun": "f_none f_stale", "baseline": "f_base", "pilot": "f_pilot", "rolling": "f_rolling",
        "everyone": "f_all", "rolled_back": "f_back", "archived": "f_gone",
    }.items():  # fmt: skip
        found = browser.get(f"/admin/features/?state={state}").content.decode()
        assert re.findall(r'href="/admin/features/(f_\w+)/"', found) == keys.split()
    assert re.findall(r"/(f_\w+)/", browser.get("/admin/features/?stale=1").content.decode()) == ["f_stale"]
    assert re.findall(r"/(f_\w+)/", browser.get("/admin/features/?q=ROLL").content.decode()) == ["f_rolling"]
    for odd in ("?state=nonsense", "?page=99", "?page=-1", "?q=%00", "?q=zzz"):
        assert browser.get(f"/admin/features/{odd}").status_code == 200
    assert "No feature fits" in text_of(browser.get("/admin/features/?q=zzz"))


def test_health_is_the_worst_of_it(signed_in: SignIn, bob: User, feature: Feature, everywhere: None) -> None:
    def health() -> tuple[str, str]:
        return re.findall(
            r'gh-health" data-tone="(\w*)">([^<]*)', signed_in(bob).get("/admin/features/").content.decode()
        )[0]

    guard = create_guard(feature_id=feature.pk, metric="error_rate", comparison="at_most", limit=0.1, actor=ROOT)
    assert health() == ("", "too little data")
    GuardReading.objects.create(guard=guard, at=timezone.now(), n=90, hits=1, value=0.01, verdict="quiet")
    assert health() == ("good", "fine")
    Guard.objects.update(cooling_until=timezone.now() + timedelta(hours=1))
    assert health() == ("warn", "cooling")
    Incident.objects.create(
        feature=feature, guard=guard, level="everything", metric="error_rate", figures={}, opened_at=timezone.now()
    )
    assert health() == ("bad", "1 open incident")
    assert signed_in(bob).get("/admin/counts/").json()["/admin/features/"] == "1"


def test_the_list_takes_as_many_queries_for_thirty_features_as_for_three(
    signed_in: SignIn, bob: User, shop: Business, more_shops: list[Business]
) -> None:
    def make(number: int) -> None:
        made = create_feature(key=f"f{number}", home_id=shop.pk, ladder=seven_day_plan(), actor=ROOT)
        switch_on(feature_id=made.pk, business_id=more_shops[number % 20].pk, actor=ROOT)
        create_guard(feature_id=made.pk, metric="error_rate", comparison="at_most", limit=0.1, actor=ROOT)
        Feature.objects.filter(pk=made.pk).update(stage=4, share=10)

    browser = signed_in(bob)
    for number in range(3):
        make(number)
    few = queries(browser, "/admin/features/")
    for number in range(3, 30):
        make(number)
    assert queries(browser, "/admin/features/") == few <= 24
    assert browser.get("/admin/features/").content.decode().count('class="gh-phase"') == 30


def test_the_page_of_a_feature_takes_as_many_queries_however_many_businesses(
    signed_in: SignIn, bob: User, feature: Feature, more_shops: list[Business]
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=4, share=10, stage_since=timezone.now())
    create_guard(feature_id=feature.pk, metric="error_rate", comparison="at_most", limit=0.1, actor=ROOT)
    switch_on(feature_id=feature.pk, business_id=more_shops[0].pk, actor=ROOT)
    browser = signed_in(bob)
    few = queries(browser, PAGE)
    Business.objects.bulk_create(Business(name=f"Many {n}", slug=f"many-{n}") for n in range(2000))
    add_businesses(feature_id=feature.pk, entries=read_list("\n".join(f"many-{n}" for n in range(300))), actor=ROOT)
    assert queries(browser, f"{PAGE}?show=listed") <= few <= 46
    assert queries(browser, PAGE) <= few
    assert "301" in text_of(browser.get(PAGE))


def test_a_page_shows_each_business_and_why(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business, other_shop: Business, more_shops: list[Business]
) -> None:
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ROOT, notes="Asked <b>first</b>")
    switch_off(feature_id=switch.pk, business_id=other_shop.pk, actor=ROOT, reason="Complained", hold=True)
    switch_on(feature_id=switch.pk, business_id=more_shops[0].pk, actor=ROOT)
    roll_back(feature_id=switch.pk, level=Level.BUSINESS, business_id=more_shops[0].pk, reason="Slow", actor=ROOT)
    browser = signed_in(bob)
    page = browser.get("/admin/features/BULK_APPROVE/")
    assert "Asked &lt;b&gt;first&lt;/b&gt;" in page.content.decode()
    words = text_of(page)
    assert re.search(r"Corner Shop corner-shop on listed .{5,12} root@example.com", words)
    assert re.search(r"Other Shop other-shop off held back .* Complained", words)
    assert re.search(r"Shop 00 shop-00 off rolled back .* Slow", words)
    assert "Shop 01 shop-01 off not reached yet" in words
    assert "1 of 22" in words
    set_default(feature_id=switch.pk, variant="on", actor=ROOT)
    words = text_of(browser.get("/admin/features/BULK_APPROVE/"))
    assert "Shop 01 shop-01 on by default" in words
    assert "20 of 22" in words


def test_the_share_and_the_baseline_are_told_apart(
    signed_in: SignIn, bob: User, feature: Feature, shop: Business
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=1)
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ROOT)
    words = text_of(signed_in(bob).get(PAGE))
    assert "off baseline: measured only" in words
    # It is on the list: the switch takes it off.
    page = signed_in(bob).get(PAGE).content.decode()
    assert re.search(rf'id="toggle-{shop.pk}" name="to" value="off"[^>]* aria-pressed="true"', page)
    now = timezone.now()
    Feature.objects.filter(pk=feature.pk).update(stage=7, share=100)
    Advance.objects.create(
        feature=feature, from_stage=6, to_stage=7, from_share=0, to_share=100, state="done", asked_by=ROOT,
        asked_at=now, done_at=now, decided_by="user:carol@example.com",
    )  # fmt: skip
    Business.objects.create(name="Late", slug="late")
    assert re.search(r"Late late on within the share .{5,12} carol@example.com", text_of(signed_in(bob).get(PAGE)))


def test_the_table_is_searched_filtered_and_turned(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    Business.objects.bulk_create(Business(name=f"Wide {n:02}", slug=f"wide-{n}") for n in range(40))
    switch_on(feature_id=switch.pk, business_id=more_shops[7].pk, actor=ROOT)
    browser, part = signed_in(bob), "/admin/features/BULK_APPROVE/businesses/"

    def rows(query: str) -> list[str]:
        return re.findall(r'<th scope="row">([^<]*?) <span', browser.get(f"{part}?{query}").content.decode())

    first, second, third = (rows(f"page={n}") for n in (1, 2, 3))
    assert first[0] == "Shop 07"
    assert (len(first), len(second), len(third)) == (25, 25, 11)
    assert len({*first, *second, *third}) == 61
    assert rows("page=99") == third
    assert rows("show=on") == ["Shop 07"]
    assert rows("show=held") == []
    assert rows("q=SHOP-1") == [f"Shop 1{n}" for n in range(10)]
    assert rows(f"q={shop.pk}") == ["Corner Shop"]
    assert rows("q=%25") == rows("q=%00%25") == []
    assert rows(f"show=on&keep={more_shops[3].pk},nonsense,{new_id()}") == ["Shop 03", "Shop 07"]
    assert "<html" not in browser.get(part).content.decode()
    assert "called so" in text_of(browser.get(f"{part}?q=zzz"))


def test_a_ladder_shows_where_it_stands_and_what_the_next_stage_needs(
    signed_in: SignIn, bob: User, carol: User, feature: Feature, shop: Business, decided: Callable[..., None]
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=2, stage_since=timezone.now() - timedelta(hours=20))
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ROOT)
    decided(shop, approved=80, rejected=20)
    words = text_of(signed_in(bob).get(PAGE))
    assert "Before Expansion" in words
    assert re.search(r"1 day [34] h left at this stage", words)
    assert "Approval rate at least 70 % over 48 h 80 % 100 decisions met" in words
    assert "Error rate at most 5 % over 48 h no data 0 goals that ran of 30 no data" in words
    assert "Stage 2 needs 2 businesses on the list and has 1" in words
    assert "An owner may go past" in words
    assert "all the same" not in words
    assert "Ask for Expansion all the same" in text_of(signed_in(carol).get(PAGE))


def test_a_guard_shows_its_chart_and_an_incident_its_figures(
    signed_in: SignIn, bob: User, feature: Feature, everywhere: None
) -> None:
    now = timezone.now()
    guard = create_guard(feature_id=feature.pk, metric="approval_rate", comparison="at_least", limit=0.7, actor=ROOT)
    create_guard(feature_id=feature.pk, metric="error_rate", comparison="at_most", limit=1.5, relative=True, actor=ROOT)
    browser = signed_in(bob)
    words = text_of(browser.get(PAGE))
    assert "Approval rate at least 70 %" in words
    assert "at most 1.5 times the baseline" in words
    assert "not looked at yet" in words
    Guard.objects.update(created_at=now - timedelta(hours=5))
    for hour in range(5):
        GuardReading.objects.create(
            guard=guard, at=now - timedelta(hours=4 - hour), n=10 + hour, hits=8, value=0.8, low=0.5, high=0.95,
            evidence=0.1, verdict="too_little_data",
        )  # fmt: skip
    page = browser.get(PAGE)
    assert page.content.decode().count("<polyline") == 1
    assert "80 % from 14 decisions" in text_of(page)
    Incident.objects.create(
        feature=feature, guard=guard, level="everything", metric="approval_rate", opened_at=now,
        figures={"title": "Approval rate", "words": "Approval rate 42 % from 120 decisions, at least 70 %"},
    )  # fmt: skip
    words = text_of(browser.get(PAGE))
    assert "Incident: Approval rate Approval rate 42 % from 120 decisions" in words
    assert "1 incident" in words


def test_history_is_told_in_words_once_and_in_pages(
    signed_in: SignIn, bob: User, switch: Feature, other_shop: Business, more_shops: list[Business]
) -> None:
    for business in [other_shop, *more_shops]:
        switch_on(feature_id=switch.pk, business_id=business.pk, actor=ROOT, notes=f"For {business.slug}")
        switch_off(feature_id=switch.pk, business_id=business.pk, actor=ROOT)
    add_businesses(feature_id=switch.pk, entries=read_list("shop-01\nshop-02"), actor=ROOT)
    roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="Too slow", actor=ROOT)
    browser = signed_in(bob)
    first = browser.get("/admin/features/BULK_APPROVE/history/")
    words = text_of(first)
    assert "Rolled back from everybody: 2 businesses root@example.com Too slow" in words
    assert "Turned on for 2 businesses at once: Shop 01, Shop 02" in words
    assert "Turned off for Shop 19" in words
    older = re.findall(r'href="(\?after=[^"]*)', first.content.decode())[0]
    second = text_of(browser.get(f"/admin/features/BULK_APPROVE/history/{older}"))
    both = words + second
    assert both.count("Turned on for Other Shop root@example.com For other-shop") == 1
    assert both.count("Created") == 1
    assert browser.get("/admin/features/BULK_APPROVE/history/?after=nonsense").status_code == 200


def test_an_admin_of_another_business_sees_what_holds_there_and_no_more(
    signed_in: SignIn, mallory: User, no_switches: None, feature: Feature, other_shop: Business, shop: Business
) -> None:
    def make(key: str, **terms: Any) -> Feature:
        return create_feature(key=key, home_id=shop.pk, actor=ROOT, **terms)

    own, shown, given = (
        make("OWN", self_service=True, description="Yours to switch"),
        make("SHOWN", exposed=True),
        make("GIVEN"),
    )
    switch_on(feature_id=given.pk, business_id=other_shop.pk, actor=ROOT, notes="A secret of the rollout")
    browser = signed_in(mallory)
    page = browser.get("/admin/features/")
    words = text_of(page)
    assert "OWN off Yours to switch not reached yet" in words
    assert "SHOWN off" in words
    assert re.search("GIVEN on listed since .* those who run the rollout decide", words)
    for secret in ("RAG_PILOT", "Corner Shop", "A secret", "root@example.com"):
        assert secret not in words
    assert page.content.decode().count("gh-toggle") == 1
    assert browser.get(f"/admin/features/{own.key}/").status_code == 404
    assert "New feature" not in words
    assert shown.key in words


def test_the_own_list_takes_as_many_queries_however_long(signed_in: SignIn, mallory: User, no_switches: None) -> None:
    browser = signed_in(mallory)
    create_feature(key="first", self_service=True, actor=ROOT)
    few = queries(browser, "/admin/features/")
    for number in range(20):
        create_feature(key=f"f{number}", self_service=True, actor=ROOT)
    assert queries(browser, "/admin/features/") == few
    assert browser.get("/admin/features/").content.decode().count("gh-toggle") == 21


def test_an_archived_feature_is_shown_and_offers_to_be_restored(signed_in: SignIn, bob: User, feature: Feature) -> None:
    archive_feature(feature_id=feature.pk, actor=ROOT)
    words = text_of(signed_in(bob).get(PAGE))
    assert "Archived" in words and "Restore" in words
    assert "Roll back…" not in words


def test_a_feature_that_lost_its_home_is_run_by_superusers(
    signed_in: SignIn, bob: User, root: User, feature: Feature
) -> None:
    edit_feature(feature_id=feature.pk, actor=ROOT, home_id=None)
    assert signed_in(bob).get(PAGE).status_code == 404
    words = text_of(signed_in(root).get(PAGE))
    assert "run by superusers" in words
    assert "It has no home" in words


def test_standing_tells_the_version(signed_in: SignIn, bob: User, feature: Feature, shop: Business) -> None:
    browser = signed_in(bob)
    before = browser.get(f"{PAGE}standing/").json()["version"]
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ROOT)
    after = browser.get(f"{PAGE}standing/").json()["version"]
    assert before != after == str(Feature.objects.get(pk=feature.pk).version)


def test_a_person_of_two_businesses_runs_a_feature_only_in_its_home(
    signed_in: SignIn, bob: User, feature: Feature, other_shop: Business
) -> None:
    Membership.objects.create(business=other_shop, user=bob, role="owner")
    browser = signed_in(bob)
    assert browser.get(PAGE).status_code == 200
    browser.session["business_id"] = str(other_shop.pk)
    session = browser.session
    session["business_id"] = str(other_shop.pk)
    session.save()
    assert browser.get(PAGE).status_code == 404


def test_a_metric_that_is_gone_leaves_the_page_standing(
    signed_in: SignIn, bob: User, feature: Feature, settings: Any, everywhere: None
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=2)
    create_guard(feature_id=feature.pk, metric="error_rate", comparison="at_most", limit=0.1, actor=ROOT)
    settings.PILOT_METRICS = {name: path for name, path in settings.PILOT_METRICS.items() if name != "error_rate"}
    browser = signed_in(bob)
    words = text_of(browser.get(PAGE))
    assert "A criterion asks for a metric that this installation has no more" in words
    assert "error_rate no such metric" in words.replace("  ", " ")
    assert browser.get(f"{PAGE}ladder/").status_code == 200
