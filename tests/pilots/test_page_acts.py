"""What is done on the pages of features: who may, what the forms refuse and keep, and what comes of it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.approvals.models import ApprovalRequest
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots.defining import create_feature
from apps.pilots.flags import is_on
from apps.pilots.guarding import create_guard
from apps.pilots.ladder import Level
from apps.pilots.laddering import ladder_of
from apps.pilots.models import (
    Advance,
    BusinessSettings,
    Criterion,
    Feature,
    Guard,
    HeldBack,
    Incident,
    PilotBusiness,
    Rollback,
    Stage,
)
from apps.pilots.plans import seven_day_plan
from apps.pilots.rollback import roll_back
from apps.pilots.switching import switch_off, switch_on
from tests.pilots.test_pages import PAGE, ROOT, SignIn, text_of

pytestmark = pytest.mark.django_db

SWITCH = "/admin/features/BULK_APPROVE/"
PART = {"HTTP_HX_REQUEST": "true"}


def acts_on(feature: Feature, shop: Business) -> list[str]:
    """The address of everything that changes this feature."""
    page, some = f"/admin/features/{feature.key}/", new_id()
    named = ["default/", "advance/", "withdraw/", "archive/", "edit/", "ladder/", "add/", "rollback/", "guards/new/"]
    of_one = [f"businesses/{shop.pk}/", f"rollbacks/{some}/undo/", f"guards/{some}/", f"guards/{some}/act/"]
    return [page + path for path in [*named, *of_one, f"incidents/{some}/"]]


@pytest.mark.parametrize(("name", "status"), [("alice", 403), ("victor", 403), ("mallory", 404)])
def test_nobody_else_changes_a_feature(
    signed_in: SignIn, request: pytest.FixtureRequest, feature: Feature, shop: Business, name: str, status: int
) -> None:
    browser = signed_in(request.getfixturevalue(name))
    before = Feature.objects.get(pk=feature.pk).version
    for address in acts_on(feature, shop):
        assert browser.post(address, {"to": "on", "do": "now", "reason": "x"}).status_code == status, address
    assert browser.post("/admin/pilots/new/", {"key": "MINE"}).status_code == 403
    assert Feature.objects.get(pk=feature.pk).version == before
    assert not Feature.objects.filter(key="MINE").exists()


def test_nothing_is_changed_by_looking(signed_in: SignIn, bob: User, feature: Feature, shop: Business) -> None:
    browser, before = signed_in(bob), Event.objects.count()
    for address in acts_on(feature, shop):
        assert browser.get(f"{address}?to=on&do=now&reason=x").status_code in (200, 404, 405)
    assert Event.objects.count() == before


def test_a_post_needs_its_token(bob: User, switch: Feature, shop: Business) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.post(f"{SWITCH}businesses/{shop.pk}/", {"to": "on"}).status_code == 403
    assert not PilotBusiness.objects.exists()


def test_a_business_is_turned_on_held_back_and_let_go(
    signed_in: SignIn, bob: User, switch: Feature, other_shop: Business
) -> None:
    browser, address = signed_in(bob), f"{SWITCH}businesses/{other_shop.pk}/"
    row = browser.post(address, {"to": "on", "notes": "Asked for it"}, **PART)
    assert row.status_code == 200
    assert row.content.decode().strip().startswith(f'<tr id="row-{other_shop.pk}"')
    assert "on listed" in text_of(row) and "Asked for it" in text_of(row)
    assert 'aria-pressed="true"' in row.content.decode()
    assert is_on("BULK_APPROVE", other_shop.pk)
    again = browser.post(address, {"to": "on"}, **PART)
    assert again.status_code == 409
    assert "bob@example.com has switched it on for this business already" in text_of(again)
    assert "off held back" in text_of(browser.post(address, {"to": "hold", "notes": "Later"}, **PART))
    assert HeldBack.objects.get().reason == "Later"
    assert "off not reached yet" in text_of(browser.post(address, {"to": "follow"}, **PART))
    assert browser.post(address, {"to": "off"}, **PART).status_code == 409
    assert browser.post(address, {"to": "up"}, **PART).status_code == 404
    assert browser.post(f"{SWITCH}businesses/{new_id()}/", {"to": "on"}, **PART).status_code == 404
    assert browser.post(address, {"to": "on", "notes": "x" * 501}, **PART).status_code == 409


def test_without_scripts_the_page_comes_back_with_what_was_refused(
    signed_in: SignIn, bob: User, feature: Feature, shop: Business, more_shops: list[Business]
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=1)
    for business in more_shops[:2]:
        switch_on(feature_id=feature.pk, business_id=business.pk, actor=ROOT)
    browser = signed_in(bob)
    answer = browser.post(f"{PAGE}businesses/{shop.pk}/?show=off", {"to": "on"})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?show=off#businesses")
    assert "Stage 1 (Baseline) has room for 2 businesses and has 2: advance first" in text_of(browser.get(PAGE))


def test_the_default_is_set(signed_in: SignIn, bob: User, switch: Feature, shop: Business) -> None:
    browser = signed_in(bob)
    assert browser.post(f"{SWITCH}default/", {"variant": "on"}).status_code == 302
    assert is_on("BULK_APPROVE", shop.pk)
    browser.post(f"{SWITCH}default/", {"variant": "purple"})
    assert "One of on, off" in text_of(browser.get(SWITCH))
    browser.post(f"{SWITCH}default/", {"variant": ""})
    assert not is_on("BULK_APPROVE", shop.pk)


def test_an_own_admin_switches_what_is_self_service_and_nothing_that_was_rolled_back(
    signed_in: SignIn, mallory: User, other_shop: Business, shop: Business, switch: Feature
) -> None:
    own = create_feature(key="OWN", self_service=True, home_id=shop.pk, actor=ROOT)
    browser, address = signed_in(mallory), "/admin/features/OWN/own/"
    assert "OWN on listed" in text_of(browser.post(address, {"to": "on"}, **PART))
    assert is_on("OWN", other_shop.pk) and not is_on("OWN", shop.pk)
    assert browser.post(address, {"to": "on"}, **PART).status_code == 409
    assert "OWN off" in text_of(browser.post(address, {"to": "off"}, **PART))
    assert browser.post("/admin/features/BULK_APPROVE/own/", {"to": "on"}).status_code == 404
    browser.post(address, {"to": "on"})
    roll_back(feature_id=own.pk, level=Level.BUSINESS, business_id=other_shop.pk, reason="Harm", actor=ROOT)
    assert "gh-toggle" not in _own(browser, "OWN")
    refused = browser.post(address, {"to": "on"}, **PART)
    assert (refused.status_code, "It was rolled back" in text_of(refused)) == (409, True)
    assert not is_on("OWN", other_shop.pk)


def test_an_own_admin_does_not_undo_a_rollback_from_everybody(
    signed_in: SignIn, mallory: User, other_shop: Business, shop: Business
) -> None:
    own = create_feature(key="OWN", self_service=True, home_id=shop.pk, actor=ROOT)
    switch_on(feature_id=own.pk, business_id=other_shop.pk, actor=ROOT)
    roll_back(feature_id=own.pk, level=Level.EVERYTHING, reason="Harm", actor=ROOT)
    browser = signed_in(mallory)
    browser.post("/admin/features/OWN/own/", {"to": "on"})
    assert "It was rolled back" in text_of(browser.get("/admin/features/"))
    assert not is_on("OWN", other_shop.pk)


def _own(browser: Any, key: str) -> str:
    page = browser.get("/admin/features/").content.decode()
    return next(part for part in page.split("<li id=") if f"<strong>{key}<" in part)


def ready(feature: Feature, shop: Business) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=1, stage_since=timezone.now() - timedelta(days=3))
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ROOT)


def test_a_step_is_asked_for_seen_in_the_queue_and_withdrawn(
    signed_in: SignIn, bob: User, carol: User, feature: Feature, shop: Business
) -> None:
    ready(feature, shop)
    browser = signed_in(bob)
    assert "Ask to advance to Pilot" in text_of(browser.get(PAGE))
    assert browser.post(f"{PAGE}advance/", {}).status_code == 302
    request = ApprovalRequest.objects.get()
    page = browser.get(PAGE)
    assert f"/admin/queue/{request.pk}/" in page.content.decode()
    assert "Stage 2 is asked for by bob@example.com" in text_of(page)
    item = browser.get(f"/admin/queue/{request.pk}/")
    assert "Widen RAG_PILOT" in text_of(item)
    assert f"/admin/features/id/{feature.pk}/" in item.content.decode()
    assert browser.get(f"/admin/features/id/{feature.pk}/")["Location"] == PAGE
    assert browser.get(f"/admin/features/id/{new_id()}/").status_code == 404

    late = signed_in(carol).post(f"{PAGE}advance/", {})
    assert late.status_code == 409
    assert "user:bob@example.com has asked for stage 2 already" in text_of(late)
    browser.post(f"{PAGE}withdraw/")
    assert Advance.objects.get().state == "cancelled"
    assert browser.post(f"{PAGE}withdraw/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"due_at": "tomorrow"}, "Enter a valid date/time"),
        ({"due_at": "2020-01-01T10:00"}, "from now"),
        ({"due_at": "2090-01-01T10:00"}, "from now"),
        ({"override_reason": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_step_with_a_wrong_value_says_so_beside_it_and_keeps_what_was_typed(
    signed_in: SignIn, carol: User, feature: Feature, shop: Business, sent: dict[str, str], words: str
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=1, stage_since=timezone.now())
    page = signed_in(carol).post(f"{PAGE}advance/", {"override_reason": "It is urgent", **sent})
    assert page.status_code == 422
    assert re.search(words, text_of(page))
    assert next(iter(sent.values())) in page.content.decode()
    assert not Advance.objects.exists()


def test_what_is_not_met_only_an_owner_goes_past(
    signed_in: SignIn, bob: User, carol: User, feature: Feature, shop: Business
) -> None:
    Feature.objects.filter(pk=feature.pk).update(stage=1, stage_since=timezone.now())
    assert signed_in(bob).post(f"{PAGE}advance/", {}).status_code == 409
    refused = signed_in(bob).post(f"{PAGE}advance/", {"override_reason": "I want it"})
    assert refused.status_code == 403
    assert not Advance.objects.exists()
    mute = signed_in(carol).post(f"{PAGE}advance/", {})
    assert (mute.status_code, "Say why. Stage 1 needs 1 businesses" in text_of(mute)) == (409, True)
    assert signed_in(carol).post(f"{PAGE}advance/", {"override_reason": "Agreed with all"}).status_code == 302
    assert Advance.objects.get().override_reason == "Agreed with all"


def test_a_superuser_makes_a_feature(signed_in: SignIn, root: User, bob: User, shop: Business) -> None:
    browser = signed_in(root)
    sent = {
        "key": "NEW_DRAFTS", "kind": "boolean", "variants": '{"on": true, "off": false}', "on_variant": "on",
        "off_variant": "off", "description": "Drafts", "owner": "BOB@example.com", "home": "corner-shop",
        "exposed": "on", "plan": "seven",
    }  # fmt: skip
    assert browser.get("/admin/pilots/new/").status_code == 200
    answer = browser.post("/admin/pilots/new/", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/features/NEW_DRAFTS/")
    made = Feature.objects.get(key="NEW_DRAFTS")
    assert (made.home_id, made.owner_id, made.exposed, made.permanent) == (shop.pk, bob.pk, True, False)
    assert ladder_of(made) == seven_day_plan()
    twice = browser.post("/admin/pilots/new/", sent)
    assert (twice.status_code, "There is a feature of this key already" in text_of(twice)) == (422, True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"key": "1st"}, "A letter first"),
        ({"key": ""}, "This field is required"),
        ({"variants": "{"}, "This is no JSON"),
        ({"variants": "[1]"}, "Values by name"),
        ({"variants": '{"on": true}'}, "From 2 to 20 variants"),
        ({"variants": '{"on": "yes", "off": false}'}, "is no boolean"),
        ({"on_variant": "purple"}, "One of on, off"),
        ({"off_variant": "on"}, "must differ"),
        ({"kind": "colour"}, "Select a valid choice"),
        ({"owner": "nobody@example.com"}, "Nobody here"),
        ({"home": "nowhere"}, "There is no such business"),
        ({"description": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_wrong_value_of_a_feature_is_told_beside_its_field(
    signed_in: SignIn, root: User, shop: Business, wrong: dict[str, str], words: str
) -> None:
    sent = {
        "key": "NEW", "kind": "boolean", "variants": '{"on": true, "off": false}', "on_variant": "on",
        "off_variant": "off", "description": "Kept as typed", "plan": "none", **wrong,
    }  # fmt: skip
    page = signed_in(root).post("/admin/pilots/new/", sent)
    assert page.status_code == 422
    assert words in text_of(page)
    assert "data-wrong" in page.content.decode()
    assert sent["description"] in page.content.decode()
    assert not Feature.objects.filter(key="NEW").exists()


def test_who_runs_it_edits_it_but_not_its_home(
    signed_in: SignIn, bob: User, mallory: User, switch: Feature, other_shop: Business
) -> None:
    browser = signed_in(bob)
    sent = {
        "description": "Better words", "variants": '{"on": true, "off": false}', "on_variant": "on",
        "off_variant": "off", "owner": bob.email, "home": "other-shop", "permanent": "on",
    }  # fmt: skip
    assert 'name="home"' not in browser.get(f"{SWITCH}edit/").content.decode()
    assert browser.post(f"{SWITCH}edit/", sent).status_code == 302
    now = Feature.objects.get(pk=switch.pk)
    assert (now.description, now.permanent, now.owner, now.home_id) == ("Better words", True, bob, switch.home_id)
    stranger = browser.post(f"{SWITCH}edit/", sent | {"owner": mallory.email})
    assert (stranger.status_code, "Nobody here" in text_of(stranger)) == (422, True)
    browser.post(f"{SWITCH}archive/", {"to": "archive"})
    assert "A permanent feature is not archived" in text_of(browser.get(SWITCH))
    browser.post(f"{SWITCH}edit/", sent | {"permanent": ""})
    browser.post(f"{SWITCH}archive/", {"to": "archive"})
    assert Feature.objects.get(pk=switch.pk).archived_at
    assert browser.post(f"{SWITCH}edit/", sent).status_code == 422
    browser.post(f"{SWITCH}archive/", {"to": "restore"})
    assert Feature.objects.get(pk=switch.pk).archived_at is None


def ladder_sent(page: Any) -> dict[str, str]:
    """What a browser would send of a ladder's form as it stands."""
    found = page.content.decode()
    form = found[found.index('id="ladder"') :]
    sent = {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input[^>]*? name="([^"]*)"[^>]*? value="([^"]*)"', form)
        if "baseline" not in name
    }
    for name, options in re.findall(r'<select[^>]*? name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        sent[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    for name in re.findall(r'name="([^"]*-baseline)" value="1" checked', form):
        sent[name] = "1"
    return sent


def test_a_ladder_is_shown_and_saved_as_it_was(signed_in: SignIn, bob: User, feature: Feature) -> None:
    browser, address = signed_in(bob), f"{PAGE}ladder/"
    sent = ladder_sent(browser.get(address))
    assert sent["s2c0-limit"] == "70"
    assert browser.post(address, sent | {"do": "save"}).status_code == 302
    assert ladder_of(feature) == seven_day_plan()


def test_a_ladder_is_made_row_by_row(signed_in: SignIn, bob: User, switch: Feature) -> None:
    browser, address = signed_in(bob), f"{SWITCH}ladder/"
    page = browser.get(address)
    assert "No stage yet" in text_of(page)
    for do in (
        "add-stage",
        "add-stage",
        "add-criterion:1",
        "add-criterion:1",
        "remove-criterion:1:0",
        "remove-stage:9",
    ):
        page = browser.post(address, ladder_sent(page) | {"do": do})
        assert page.status_code == 200
    assert not Stage.objects.filter(feature=switch).exists()
    sent = ladder_sent(page) | {
        "s0-name": "First", "s0-businesses_min": "1", "s0-businesses_max": "3", "s0-baseline": "1",
        "s0-soak_hours": "0",
        "s1-name": "Half", "s1-kind": "percentage", "s1-share": "50", "s1-soak_hours": "24",
        "s1c0-metric": "gate_latency", "s1c0-comparison": "at_most", "s1c0-limit": "0,5", "s1c0-window_hours": "24",
        "s1c0-minimum": "100", "do": "save",
    }  # fmt: skip
    assert browser.post(address, sent).status_code == 302
    first, half = ladder_of(switch)
    assert (first.stage.name, first.stage.baseline, first.stage.businesses_max) == ("First", True, 3)
    assert (half.stage.share, half.stage.soak) == (50, timedelta(days=1))
    assert [(one.metric, one.limit) for one in half.criteria] == [("gate_latency", 0.5)]
    page = browser.post(address, {"do": "seven"})
    assert ladder_sent(page)["stages"] == "7"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"s0-name": " "}, "Give the stage a name"),
        ({"s1-businesses_max": "1"}, "at least as many as it needs"),
        ({"s1-businesses_max": "x"}, "A whole number from 1 to 30,000"),
        ({"s4-share": "5"}, "The stage before has 10 % already: a stage must widen"),
        ({"s4-share": "101"}, "A whole number from 1 to 100"),
        ({"s3-soak_hours": "-1"}, "A whole number from 0"),
        ({"s2c0-limit": "much"}, "A number"),
        ({"s2c0-limit": "nan"}, "A finite number"),
        ({"s2c0-window_hours": "9999"}, "A whole number from 1 to 2,160"),
        ({"s2c0-minimum": "0"}, "A whole number from 1"),
        ({"s2c0-metric": "moods"}, "Choose a metric"),
    ],
)
def test_a_ladder_that_is_none_says_what_is_wrong_beside_the_field(
    signed_in: SignIn, bob: User, feature: Feature, wrong: dict[str, str], words: str
) -> None:
    browser, address = signed_in(bob), f"{PAGE}ladder/"
    sent = ladder_sent(browser.get(address)) | {"s6-name": "All of them", **wrong, "do": "save"}
    page = browser.post(address, sent)
    assert page.status_code == 422
    assert words in text_of(page)
    assert 'value="All of them"' in page.content.decode()
    assert len(re.findall("data-wrong", page.content.decode())) == 1
    assert ladder_of(feature) == seven_day_plan()


def test_a_ladder_under_the_feet_of_a_rollout_keeps_its_stage(signed_in: SignIn, bob: User, feature: Feature) -> None:
    browser, address = signed_in(bob), f"{PAGE}ladder/"
    Feature.objects.filter(pk=feature.pk).update(stage=5, share=25)
    sent = ladder_sent(browser.get(address))
    page = browser.post(address, sent | {"s4-share": "20", "do": "save"})
    assert "It stands here with 25 %" in text_of(page)
    assert "It stands on stage 5" in text_of(browser.post(address, {"stages": "0", "do": "save"}))
    assert Criterion.objects.filter(stage__feature=feature).count() == 10


def test_hostile_forms_of_a_ladder_do_no_harm(signed_in: SignIn, bob: User, feature: Feature) -> None:
    browser, address = signed_in(bob), f"{PAGE}ladder/"
    for sent in (
        {"stages": "999"}, {"stages": "-1"}, {"stages": "x", "do": "remove-stage:x"}, {"do": "remove-criterion:0"},
        {"stages": "1", "s0-criteria": "999", "do": "add-criterion:0"}, {"do": "nonsense"},
        {"stages": "1", "s0-name": "\0", "do": "save"}, {"stages": "21", "do": "add-stage"},
    ):  # fmt: skip
        assert browser.post(address, sent).status_code in (200, 302, 422)


def test_a_list_is_looked_at_added_and_what_is_wrong_comes_back(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    browser, address = signed_in(bob), f"{SWITCH}add/"
    text = 'business,notes\r\ncorner-shop,first\r\nNobody <b>,"two\r\nlines"\r\nshop-03,\r\n'
    looked = browser.post(address, {"text": text, "do": "look"})
    assert "Add 2 businesses" in text_of(looked)
    assert "No business has this slug, id or exact name" in text_of(looked)
    assert "<b>" not in looked.content.decode().split("<table")[1].split("</table>")[0]
    assert not PilotBusiness.objects.exists()
    added = browser.post(address, {"text": text, "do": "add"})
    assert "2 added. 1 line cannot be added; it stays below" in text_of(added)
    left = unescape(re.findall(r"<textarea[^>]*>\s*(.*?)</textarea>", added.content.decode(), re.S)[0])
    assert left == 'business,notes\nNobody <b>,"two\nlines"'
    assert PilotBusiness.objects.count() == 2
    done = browser.post(address, {"text": "shop-04", "do": "add"})
    assert done["Location"] == f"{SWITCH}?show=listed#businesses"
    assert "1 business added" in text_of(browser.get(SWITCH))


def test_a_file_stands_for_the_text_and_is_looked_at_before_it_is_added(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business
) -> None:
    browser, address = signed_in(bob), f"{SWITCH}add/"
    upload = SimpleUploadedFile("list.csv", b"\xef\xbb\xbfBusiness;Notes\r\ncorner-shop;first\r\n", "text/csv")
    looked = browser.post(address, {"file": upload, "do": "look"})
    assert "Add 1 business" in text_of(looked)
    assert "corner-shop;first" in looked.content.decode()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"text": ""}, "Paste at least one business"),
        ({"text": "kept\0"}, "Null characters are not allowed"),
        ({"text": "business\n"}, "nothing below the header"),
        ({"file": (b"PK\x03\x04\0\0", "application/zip")}, "no text file"),
        ({"file": (b"M\xfcller", "text/csv")}, "not in UTF-8"),
        ({"file": (b"x" * (2 * 1024 * 1024 + 1), "text/csv")}, "larger than 2 MB"),
        ({"file": (b"", "text/csv")}, "Paste at least one business"),
    ],
)
def test_what_is_no_list_is_said_and_kept(
    signed_in: SignIn, bob: User, switch: Feature, sent: dict[str, Any], words: str
) -> None:
    if "file" in sent:
        sent = {"file": SimpleUploadedFile("list", *sent["file"]), "text": ""}
    page = signed_in(bob).post(f"{SWITCH}add/", {**sent, "do": "look"})
    assert page.status_code == 422
    assert words in text_of(page)


def test_a_rollback_is_listed_rehearsed_done_and_undone(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business, more_shops: list[Business]
) -> None:
    for business in [shop, *more_shops[:3]]:
        switch_on(feature_id=switch.pk, business_id=business.pk, actor=ROOT)
    browser, address = signed_in(bob), f"{SWITCH}rollback/"
    listed = text_of(browser.get(f"{address}?level=everything"))
    assert "4 of 21 businesses would have it no more Corner Shop Shop 00 Shop 01 Shop 02" in listed
    missing = browser.post(address, {"level": "everything", "reason": " ", "do": "now"})
    assert (missing.status_code, "This field is required" in text_of(missing)) == (422, True)
    rehearsed = browser.post(address, {"level": "everything", "reason": "Just in case", "do": "rehearse"})
    words = text_of(browser.get(rehearsed["Location"]))
    assert "Nothing was changed" in words and "would have it no more" in words
    assert is_on("BULK_APPROVE", shop.pk)
    done = browser.post(address, {"level": "everything", "reason": "Too slow", "do": "now"})
    words = text_of(browser.get(done["Location"]))
    assert "Rolled back from everybody Too slow" in words
    assert re.search(r"Businesses 4 had it and lost it In the database \d+ ms", words)
    assert not is_on("BULK_APPROVE", shop.pk)
    assert "everybody Too slow" in text_of(browser.get(SWITCH))
    empty = browser.post(f"{done['Location']}undo/", {"reason": ""})
    assert empty.status_code == 422
    assert browser.post(f"{done['Location']}undo/", {"reason": "It was the weather"}).status_code == 302
    assert is_on("BULK_APPROVE", shop.pk)
    twice = browser.post(f"{done['Location']}undo/", {"reason": "Again"})
    assert (twice.status_code, "has undone it already" in text_of(twice)) == (409, True)
    assert "Undone" in text_of(browser.get(done["Location"]))


def test_a_rollback_from_one_business(signed_in: SignIn, bob: User, switch: Feature, shop: Business) -> None:
    browser, address = signed_in(bob), f"{SWITCH}rollback/"
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ROOT)
    query = f"?level=business&business={shop.pk}"
    assert "Roll back from Corner Shop" in text_of(browser.get(address + query))
    sent = {"level": "business", "business": str(shop.pk), "reason": "Slow", "do": "now"}
    assert browser.post(address, sent).status_code == 302
    again = browser.post(address, sent)
    assert (again.status_code, "held back from this business already" in text_of(again)) == (409, True)
    assert "Slow" in again.content.decode()
    for odd in ("?level=business", "?level=business&business=x", f"?level=business&business={new_id()}", "?level=some"):
        assert browser.get(address + odd).status_code == 404


def test_a_cohort_is_filled_in_from_the_stages_and_held_to_sense(
    signed_in: SignIn, bob: User, feature: Feature, shop: Business, more_shops: list[Business]
) -> None:
    step_at = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
    Feature.objects.filter(pk=feature.pk).update(stage=2, created_at=datetime(2026, 3, 1, tzinfo=UTC))
    Advance.objects.create(
        feature=feature, from_stage=1, to_stage=2, from_share=0, to_share=0, state="done", asked_by=ROOT,
        asked_at=step_at, done_at=step_at, decided_by=ROOT,
    )  # fmt: skip
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor=ROOT)
    browser, address = signed_in(bob), f"{PAGE}rollback/"
    page = browser.get(f"{address}?level=cohort")
    assert 'value="2026-03-04T10:30:00"' in page.content.decode()
    assert "At stage 2" in text_of(page)
    assert "1 of 21 businesses would have it no more" in text_of(page)
    early = browser.get(f"{address}?level=cohort&since=2026-03-01T00:00:00&until=2026-03-04T10:30:00")
    assert "No business would lose it" in text_of(early)
    for since, until, words in (
        ("2026-03-04T10:30", "2026-03-04T10:29", "later than the beginning"),
        ("2026-03-04T10:30", "2026-03-04T10:30", "later than the beginning"),
        ("", "2026-03-04T10:30", "Say when"),
        ("soon", "2026-03-04T10:30", "valid date/time"),
    ):
        for do in ("look", "rehearse", "now"):
            sent = {"level": "cohort", "since": since, "until": until, "reason": "Kept", "do": do}
            wrong = browser.post(address, sent)
            assert wrong.status_code == 422
            assert words in text_of(wrong)
            assert f'value="{until}' in wrong.content.decode() and "Kept" in wrong.content.decode()
    nobody = {"level": "cohort", "since": "2026-03-01T00:00", "until": "2026-03-02T00:00", "reason": "x", "do": "now"}
    assert browser.post(address, nobody).status_code == 409
    looked = browser.post(address, nobody | {"until": "2099-01-01T00:00", "do": "look", "reason": ""})
    assert (looked.status_code, "1 of 21" in text_of(looked)) == (200, True)
    assert "required" not in text_of(looked)
    assert not Rollback.objects.exists()
    assert browser.post(address, nobody | {"until": "2099-01-01T00:00"}).status_code == 302
    assert HeldBack.objects.get().business_id == shop.pk


def test_a_rollback_of_another_feature_is_not_shown_here(
    signed_in: SignIn, bob: User, switch: Feature, feature: Feature, shop: Business
) -> None:
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ROOT)
    done = roll_back(feature_id=switch.pk, level=Level.EVERYTHING, reason="x", actor=ROOT)
    browser = signed_in(bob)
    assert browser.get(f"{PAGE}rollbacks/{done.pk}/").status_code == 404
    assert browser.post(f"{PAGE}rollbacks/{done.pk}/undo/", {"reason": "x"}).status_code == 404


def test_a_guard_is_added_changed_armed_and_removed(signed_in: SignIn, bob: User, feature: Feature) -> None:
    browser, address = signed_in(bob), f"{PAGE}guards/new/"
    sent = {
        "metric": "approval_rate", "comparison": "at_least", "limit": "70", "level": "everything", "minimum": "30",
        "alpha": "1", "cooldown_minutes": "60",
    }  # fmt: skip
    assert browser.post(address, sent).status_code == 302
    guard = Guard.objects.get()
    assert (guard.limit, guard.alpha) == (0.7, 0.01)
    page = browser.get(f"{PAGE}guards/{guard.pk}/")
    assert 'name="limit" value="70"' in page.content.decode()
    browser.post(f"{PAGE}guards/{guard.pk}/", sent | {"limit": "65.5", "enabled": "on"})
    assert Guard.objects.get().limit == 0.655
    armed = Guard.objects.get().armed_at
    browser.post(f"{PAGE}guards/{guard.pk}/act/", {"do": "arm"})
    assert Guard.objects.get().armed_at > armed
    browser.post(f"{PAGE}guards/{guard.pk}/act/", {"do": "remove"})
    assert not Guard.objects.exists()
    assert "Guard removed: approval rate at least 0.655" in text_of(browser.get(PAGE))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"metric": "moods"}, "Select a valid choice"),
        ({"limit": "much"}, "Enter a number"),
        ({"limit": "170"}, "A share: 0 to 1"),
        ({"limit": "nan"}, "Enter a number"),
        ({"alpha": "0"}, "Above 0"),
        ({"minimum": "0"}, "greater than or equal to 1"),
        ({"relative": "on", "limit": "2"}, "A lower limit is at most the baseline"),
        ({"metric": "gate_latency"}, "upper limit only"),
        ({"cooldown_minutes": "99999999"}, "From 0 to"),
    ],
)
def test_a_wrong_value_of_a_guard_is_told_beside_its_field(
    signed_in: SignIn, bob: User, feature: Feature, wrong: dict[str, str], words: str
) -> None:
    sent = {
        "metric": "approval_rate", "comparison": "at_least", "limit": "70", "level": "everything", "minimum": "31",
        "alpha": "1", "cooldown_minutes": "60", **wrong,
    }  # fmt: skip
    page = signed_in(bob).post(f"{PAGE}guards/new/", sent)
    assert page.status_code == 422
    assert words in text_of(page)
    assert f'value="{sent["minimum"]}"' in page.content.decode()
    assert not Guard.objects.exists()


def test_an_incident_is_looked_after_and_closed(
    signed_in: SignIn, bob: User, feature: Feature, switch: Feature, everywhere: None
) -> None:
    guard = create_guard(feature_id=feature.pk, metric="error_rate", comparison="at_most", limit=0.1, actor=ROOT)
    incident = Incident.objects.create(
        feature=feature, guard=guard, level="everything", metric="error_rate", figures={"words": "Error rate 40 %"},
        opened_at=timezone.now(),
    )  # fmt: skip
    browser, address = signed_in(bob), f"{PAGE}incidents/{incident.pk}/"
    assert browser.post(f"{SWITCH}incidents/{incident.pk}/", {"do": "close", "note": "x"}).status_code == 404
    browser.post(address, {"do": "acknowledge"})
    assert "bob@example.com looks after it since" in text_of(browser.get(PAGE))
    browser.post(address, {"do": "close", "note": ""})
    assert "Say what was found or done" in text_of(browser.get(PAGE))
    browser.post(address, {"do": "close", "note": "A broken agent"})
    words = text_of(browser.get(PAGE))
    assert "Past incidents" in words and "bob@example.com: A broken agent" in words
    browser.post(address, {"do": "close", "note": "Again"})
    assert "closed this at" in text_of(browser.get(PAGE))


def test_a_business_chooses_how_it_uses_its_powers(
    signed_in: SignIn, bob: User, alice: User, mallory: User, shop: Business
) -> None:
    address = "/admin/pilots/settings/"
    assert signed_in(alice).get(address).status_code == 403
    assert signed_in(alice).post(address, {}).status_code == 403
    browser = signed_in(bob)
    assert 'value="0.7"' in browser.get(address).content.decode()
    sent = {"email_rag_enabled": "on", "email_rag_min_confidence": "0.85", "email_rag_max_examples": "10"}
    assert browser.post(address, sent).status_code == 302
    chosen = BusinessSettings.objects.get()
    assert (chosen.business_id, chosen.email_rag_enabled, chosen.email_snippets_enabled) == (shop.pk, True, False)
    assert (chosen.email_rag_min_confidence, chosen.email_rag_max_examples) == (0.85, 10)
    assert "Chosen" in text_of(browser.get(address))
    for wrong in (
        {"email_rag_min_confidence": "1.01"},
        {"email_rag_max_examples": "11"},
        {"email_rag_max_examples": "x"},
    ):
        page = browser.post(address, sent | wrong)
        assert page.status_code == 422
        assert "data-wrong" in page.content.decode()
        assert f'value="{next(iter(wrong.values()))}"' in page.content.decode()
    assert 'value="0.7"' in signed_in(mallory).get(address).content.decode()


def test_what_a_rollback_holds_back_an_operator_turns_on_again(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business
) -> None:
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ROOT)
    roll_back(feature_id=switch.pk, level=Level.BUSINESS, business_id=shop.pk, reason="Slow", actor=ROOT)
    switch_off_refused = signed_in(bob).post(f"{SWITCH}businesses/{shop.pk}/", {"to": "off"}, **PART)
    assert switch_off_refused.status_code == 409
    assert "on listed" in text_of(signed_in(bob).post(f"{SWITCH}businesses/{shop.pk}/", {"to": "on"}, **PART))


def test_of_two_operators_at_one_switch_the_second_sees_who_was_first(
    signed_in: SignIn, bob: User, carol: User, switch: Feature, shop: Business
) -> None:
    address = f"{SWITCH}businesses/{shop.pk}/"
    signed_in(bob).post(address, {"to": "on"}, **PART)
    late = signed_in(carol).post(address, {"to": "on"}, **PART)
    assert "bob@example.com has switched it on" in text_of(late)
    assert 'aria-pressed="true"' in late.content.decode()


def test_an_archived_feature_is_changed_by_no_page(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business
) -> None:
    browser = signed_in(bob)
    switch_off(feature_id=switch.pk, business_id=shop.pk, actor=ROOT, hold=True)
    browser.post(f"{SWITCH}archive/", {"to": "archive"})
    for path, sent in (
        (f"businesses/{shop.pk}/", {"to": "on"}), ("default/", {"variant": "on"}), ("advance/", {}),
        ("add/", {"text": "corner-shop", "do": "add"}), ("ladder/", {"stages": "0", "do": "save"}),
        ("rollback/", {"level": "everything", "reason": "x", "do": "now"}),
    ):  # fmt: skip
        assert browser.post(f"{SWITCH}{path}", sent).status_code in (302, 409), path
    assert not PilotBusiness.objects.exists() and not Rollback.objects.exists()


def test_a_page_says_that_it_needs_a_business(signed_in: SignIn, root: User) -> None:
    Business.objects.all().delete()
    browser: Callable[..., Any] = signed_in(root).get
    assert browser("/admin/pilots/settings/").status_code == 403
    assert browser("/admin/features/").status_code == 200


@pytest.mark.parametrize("level", list(Level))
def test_every_level_is_rehearsed_and_done(
    signed_in: SignIn, bob: User, switch: Feature, shop: Business, level: Level
) -> None:
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ROOT)
    browser, address = signed_in(bob), f"{SWITCH}rollback/"
    sent = {"level": level.value, "reason": "To see"}
    if level is Level.BUSINESS:
        sent["business"] = str(shop.pk)
    if level is Level.COHORT:
        sent |= {"since": "2020-01-01T00:00", "until": "2099-01-01T00:00"}
    rehearsed = browser.get(browser.post(address, sent | {"do": "rehearse"})["Location"])
    assert "Businesses 1 would have it no more" in text_of(rehearsed)
    assert is_on("BULK_APPROVE", shop.pk)
    again = unescape(re.findall(r'href="([^"]*)">Roll back…', rehearsed.content.decode())[0])
    assert "1 of 1 businesses would have it no more" in text_of(browser.get(again))
    done = browser.get(browser.post(address, sent | {"do": "now"})["Location"])
    assert "Businesses 1 had it and lost it" in text_of(done)
    assert not is_on("BULK_APPROVE", shop.pk)
