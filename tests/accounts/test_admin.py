"""The admin pages of accounts: who sees them, what they do, and that the audit trail tells of it."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.accounts.authentication import forget_found_keys
from apps.accounts.models import ApiKey, Business, Membership, User
from apps.accounts.row_access import acting_for
from apps.core.events import record
from apps.core.models import Event
from apps.goals.models import Goal
from tests.conftest import client_for, person

SignIn = Callable[[User], Client]

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize(
    "page",
    ["accounts_membership_changelist", "accounts_membership_add", "accounts_apikey_changelist", "accounts_apikey_add"],
)
def test_it_shows_the_pages_of_a_business_to_its_admins_only(
    signed_in: SignIn, alice: User, bob: User, page: str
) -> None:
    assert signed_in(bob).get(reverse(f"admin:{page}")).status_code == 200
    assert signed_in(alice).get(reverse(f"admin:{page}")).status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        "accounts_business_changelist",
        "accounts_business_add",
        "accounts_user_changelist",
        "accounts_user_add",
        "core_outbox_changelist",
    ],
)
def test_it_shows_the_pages_of_the_installation_to_superusers_only(
    signed_in: SignIn, shop: Business, carol: User, root: User, page: str
) -> None:
    assert signed_in(root).get(reverse(f"admin:{page}")).status_code == 200
    assert signed_in(carol).get(reverse(f"admin:{page}")).status_code == 403


def test_it_sends_people_without_a_seat_to_the_sign_in_page(signed_in: SignIn, shop: Business) -> None:
    response = signed_in(person("nobody")).get(reverse("admin:core_event_changelist"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_an_admin_adds_a_person_who_is_invited_by_mail(
    signed_in: SignIn, bob: User, shop: Business, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as after_commit:
        response = signed_in(bob).post(
            reverse("admin:accounts_membership_add"),
            {"email": "nina@example.com", "role": "reviewer", "first_name": "Nina", "last_name": ""},
        )
    assert response.status_code == 302, response.context["adminform"].form.errors
    nina = User.objects.get(email="nina@example.com")
    assert Membership.objects.get(user=nina).role == "reviewer"
    assert kinds() == ["member.added"]
    # The invitation and the outbox's nudge; tests/core/test_later.py sends such work for real.
    assert len(after_commit) == 2


def test_the_invitation_leads_to_a_page_where_the_password_is_chosen(client: Client, shop: Business) -> None:
    from apps.accounts.tasks import send_invitation

    nina = User.objects.create_user("nina", "nina@example.com")
    send_invitation(str(nina.pk), str(shop.pk))
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    page = client.get(link.split("localhost:8000")[1], follow=True)
    assert page.status_code == 200
    address = page.redirect_chain[-1][0]
    weak = client.post(address, {"new_password1": "12345678", "new_password2": "12345678"})
    assert "too short" in weak.content.decode()
    client.post(address, {"new_password1": "correct-horse-battery", "new_password2": "correct-horse-battery"})
    nina.refresh_from_db()
    assert nina.check_password("correct-horse-battery")
    assert kinds() == ["user.password_reset"]
    assert "no longer works" in client.get(link.split("localhost:8000")[1], follow=True).content.decode()


def test_an_admin_cannot_make_or_touch_owners(signed_in: SignIn, bob: User, carol: User) -> None:
    browser = signed_in(bob)
    page = reverse("admin:accounts_membership_add")
    refused = browser.post(page, {"email": "eve@example.com", "role": "owner"})
    assert refused.status_code == 200
    assert not User.objects.filter(email="eve@example.com").exists()
    own = Membership.objects.get(user=bob)
    browser.post(reverse("admin:accounts_membership_change", args=[own.pk]), {"role": "owner"})
    owner = Membership.objects.get(user=carol)
    browser.post(reverse("admin:accounts_membership_change", args=[owner.pk]), {"role": "viewer"})
    browser.post(reverse("admin:accounts_membership_delete", args=[owner.pk]), {"post": "yes"})
    own.refresh_from_db(), owner.refresh_from_db()
    assert (own.role, owner.role) == ("admin", "owner")


def test_an_owner_changes_roles_and_removes_people(signed_in: SignIn, carol: User, alice: User) -> None:
    seat = Membership.objects.get(user=alice)
    browser = signed_in(carol)
    browser.post(reverse("admin:accounts_membership_change", args=[seat.pk]), {"role": "admin"})
    seat.refresh_from_db()
    assert seat.role == "admin"
    browser.post(reverse("admin:accounts_membership_delete", args=[seat.pk]), {"post": "yes"})
    assert not Membership.objects.filter(pk=seat.pk).exists()
    assert kinds() == ["member.role_changed", "member.removed"]


def test_the_last_owner_stays(signed_in: SignIn, carol: User) -> None:
    seat = Membership.objects.get(user=carol)
    browser = signed_in(carol)
    page = reverse("admin:accounts_membership_change", args=[seat.pk])
    said = browser.post(page, {"role": "viewer"}, follow=True).content.decode()
    assert "at least one owner" in said
    browser.post(reverse("admin:accounts_membership_delete", args=[seat.pk]), {"post": "yes"})
    browser.post(
        reverse("admin:accounts_membership_changelist"),
        {"action": "delete_selected", "_selected_action": [str(seat.pk)], "post": "yes"},
    )
    seat.refresh_from_db()
    assert seat.role == "owner"


def test_people_of_another_business_are_not_to_be_found(signed_in: SignIn, bob: User, mallory: User) -> None:
    browser = signed_in(bob)
    assert "mallory" not in browser.get(reverse("admin:accounts_membership_changelist")).content.decode()
    theirs = Membership.objects.get(user=mallory)
    assert browser.get(reverse("admin:accounts_membership_change", args=[theirs.pk])).status_code == 302


def test_it_shows_a_new_key_once(signed_in: SignIn, bob: User, shop: Business) -> None:
    browser = signed_in(bob)
    page = browser.post(
        reverse("admin:accounts_apikey_add"),
        {
            "name": "till",
            "scopes": ["goals:read", "audit:read"],
            "requests_per_minute": "10",
            "requests_per_day": "100",
            "expires_at_0": "",
            "expires_at_1": "",
        },
    )
    key = ApiKey.objects.get(name="till")
    whole = page.context["whole"]
    assert whole in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert whole.split("_")[1] == key.prefix
    assert whole.split("_", 2)[2] not in json.dumps(list(Event.objects.values()), default=str)
    assert kinds() == ["api_key.issued"]
    shown = browser.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()
    assert whole not in shown
    assert key.digest not in shown
    assert client_for(whole).get("/v1/events").status_code == 200


def test_a_key_is_revoked_by_post_only(signed_in: SignIn, bob: User, key: ApiKey, whole_key: str) -> None:
    browser = signed_in(bob)
    page = reverse("admin:accounts_apikey_revoke", args=[key.pk])
    assert browser.get(page).status_code == 200
    key.refresh_from_db()
    assert key.revoked_at is None
    assert browser.post(page).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    forget_found_keys()
    assert client_for(whole_key).get("/v1/events").status_code == 401
    assert kinds()[-1] == "api_key.revoked"


def test_a_reviewer_cannot_revoke_a_key(signed_in: SignIn, alice: User, key: ApiKey) -> None:
    response = signed_in(alice).post(reverse("admin:accounts_apikey_revoke", args=[key.pk]))
    key.refresh_from_db()
    assert response.status_code == 403
    assert key.revoked_at is None


def test_a_change_in_the_admin_is_told_with_the_values_before_and_after(
    signed_in: SignIn, bob: User, key: ApiKey
) -> None:
    page = reverse("admin:accounts_apikey_change", args=[key.pk])
    response = signed_in(bob).post(
        page,
        {
            "name": "tests",
            "requests_per_minute": "7",
            "requests_per_day": "1000000",
            "expires_at_0": "",
            "expires_at_1": "",
        },
    )
    assert response.status_code == 302, response.context["adminform"].form.errors
    event = Event.objects.get(kind="api_key.changed")
    assert event.data == {"changes": {"requests_per_minute": [6000, 7]}}
    assert event.actor == "user:bob@example.com"


def test_a_superuser_founds_a_business_with_its_owner(
    signed_in: SignIn, root: User, shop: Business, alice: User
) -> None:
    response = signed_in(root).post(
        reverse("admin:accounts_business_add"), {"name": "New Shop", "slug": "new-shop", "owner": str(alice.pk)}
    )
    assert response.status_code == 302, response.context["adminform"].form.errors
    business = Business.objects.get(slug="new-shop")
    assert Membership.objects.get(business=business).user == alice
    event = Event.objects.get(kind="business.founded")
    assert (event.business_id, event.actor) == (business.pk, "user:root@example.com")


def test_a_superuser_sees_and_renames_every_business(
    signed_in: SignIn, root: User, shop: Business, other_shop: Business
) -> None:
    browser = signed_in(root)
    listed = browser.get(reverse("admin:accounts_business_changelist")).content.decode()
    assert shop.name in listed and other_shop.name in listed
    page = reverse("admin:accounts_business_change", args=[other_shop.pk])
    browser.post(page, {"name": "Renamed", "slug": other_shop.slug})
    other_shop.refresh_from_db()
    assert other_shop.name == "Renamed"
    assert Event.objects.get(kind="business.changed").business_id == other_shop.pk


def test_a_slug_that_is_taken_is_an_error_on_the_page(
    signed_in: SignIn, root: User, shop: Business, other_shop: Business
) -> None:
    said = signed_in(root).post(
        reverse("admin:accounts_business_add"), {"name": "Twin", "slug": other_shop.slug, "owner": str(root.pk)}
    )
    assert said.status_code == 200
    assert Business.objects.count() == 2


def test_a_superuser_makes_an_account_and_sets_its_password(signed_in: SignIn, root: User, shop: Business) -> None:
    browser = signed_in(root)
    given = {
        "username": "nina",
        "email": "nina@example.com",
        "first_name": "Nina",
        "last_name": "",
        "usable_password": "true",
        "password1": "correct-horse-battery",
        "password2": "correct-horse-battery",
    }
    response = browser.post(reverse("admin:accounts_user_add"), given)
    assert response.status_code == 302, response.context["adminform"].form.errors
    nina = User.objects.get(username="nina")
    response = browser.post(
        reverse("admin:auth_user_password_change", args=[nina.pk]),
        {"password1": "another-horse-battery", "password2": "another-horse-battery", "usable_password": "true"},
    )
    assert response.status_code == 302
    nina.refresh_from_db()
    assert nina.check_password("another-horse-battery")
    assert kinds() == ["user.created", "user.password_set"]
    assert "horse" not in json.dumps(list(Event.objects.values()), default=str)


def test_a_person_changes_the_own_password(signed_in: SignIn, alice: User) -> None:
    browser = signed_in(alice)
    page = reverse("admin:password_change")
    assert browser.get(page).status_code == 200
    new = {"new_password1": "correct-horse-battery", "new_password2": "correct-horse-battery"}
    assert browser.post(page, {"old_password": "wrong", **new}).status_code == 200
    assert browser.post(page, {"old_password": "open-sesame-please", **new}).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("correct-horse-battery")
    assert kinds() == ["user.password_changed"]
    assert browser.get(page).status_code == 200


def test_one_enters_another_business_by_post(
    signed_in: SignIn, alice: User, shop: Business, other_shop: Business
) -> None:
    Membership.objects.create(business=other_shop, user=alice, role="viewer")
    browser = signed_in(alice)
    page = reverse("admin:enter")
    assert browser.get(page).status_code == 405
    assert browser.post(page, {"business": str(other_shop.pk)}).status_code == 302
    assert browser.session["business_id"] == str(other_shop.pk)
    for nonsense in ("", "x", str(alice.pk)):
        assert browser.post(page, {"business": nonsense}).status_code == 403


def test_one_cannot_enter_a_business_one_does_not_belong_to(
    signed_in: SignIn, alice: User, other_shop: Business
) -> None:
    browser = signed_in(alice)
    assert browser.post(reverse("admin:enter"), {"business": str(other_shop.pk)}).status_code == 403
    assert browser.session.get("business_id") is None


def test_the_visit_of_a_superuser_is_told_in_that_business(
    signed_in: SignIn, root: User, shop: Business, other_shop: Business
) -> None:
    signed_in(root).post(reverse("admin:enter"), {"business": str(other_shop.pk)})
    event = Event.objects.get(kind="business.entered")
    assert (event.business_id, event.actor) == (other_shop.pk, "user:root@example.com")


@pytest.fixture
def trail(shop: Business, other_shop: Business) -> None:
    for number in range(5):
        with acting_for(shop.pk):
            record(
                kind="goal.submitted" if number % 2 else "approval.approved",
                subject_type="goal",
                subject_id=f"subject-{number}",
                business_id=shop.pk,
                actor="key:abc" if number % 2 else "user:alice@example.com",
                title=f"=cmd {number}",
            )
    with acting_for(other_shop.pk):
        record(kind="goal.secret", subject_type="goal", subject_id="1", business_id=other_shop.pk, actor="key:x")


def test_the_audit_page_lists_filters_and_searches(signed_in: SignIn, bob: User, trail: None) -> None:
    browser = signed_in(bob)
    page = reverse("admin:core_event_changelist")

    def shown(**query: str) -> int:
        response = browser.get(page, query)
        assert response.status_code == 200, query
        return len(response.context["cl"].result_list)

    assert shown() == 5
    assert shown(kind="goal.submitted") == 2
    assert shown(actor="alice") == 3
    assert shown(subject_id="subject-3") == 1
    assert shown(subject_type="goal", subject_id="subject-3") == 1
    assert shown(subject_type="approval") == 0
    assert shown(q="goal.") == 2
    assert shown(at_from_0="2020-01-01", at_from_1="00:00:00") == 5
    assert shown(at_to_0="2020-01-01", at_to_1="00:00:00") == 0
    assert "goal.secret" not in browser.get(page).content.decode()


def test_one_event_is_shown_and_cannot_be_changed(signed_in: SignIn, bob: User, trail: None, shop: Business) -> None:
    event = Event.objects.filter(business_id=shop.pk).first()
    assert event is not None
    page = reverse("admin:core_event_change", args=[event.pk])
    browser = signed_in(bob)
    assert "=cmd" in browser.get(page).content.decode()
    assert browser.post(page, {"kind": "other"}).status_code == 403
    assert browser.post(reverse("admin:core_event_delete", args=[event.pk]), {"post": "yes"}).status_code == 403


def test_the_audit_trail_is_for_admins(signed_in: SignIn, alice: User, trail: None) -> None:
    browser = signed_in(alice)
    assert browser.get(reverse("admin:core_event_changelist")).status_code == 403
    assert browser.get(reverse("admin:core_event_export", args=["csv"])).status_code == 403


def test_the_export_holds_what_the_filters_leave(signed_in: SignIn, bob: User, trail: None) -> None:
    browser = signed_in(bob)
    whole = browser.get(reverse("admin:core_event_export", args=["csv"]))
    assert whole["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(whole.streaming_content).decode())))
    assert len(rows) == 5
    assert {row["kind"] for row in rows} == {"goal.submitted", "approval.approved"}
    some = browser.get(reverse("admin:core_event_export", args=["jsonl"]), {"kind": "goal.submitted"})
    lines = [json.loads(line) for line in b"".join(some.streaming_content).decode().splitlines()]
    assert [line["subject_id"] for line in lines] == ["subject-3", "subject-1"]
    assert browser.get(reverse("admin:core_event_export", args=["exe"])).status_code == 404


def test_the_export_goes_through_every_batch(
    signed_in: SignIn, bob: User, trail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.accounts.trail.BATCH", 2)
    response = signed_in(bob).get(reverse("admin:core_event_export", args=["jsonl"]))
    assert len(b"".join(response.streaming_content).decode().splitlines()) == 5


def test_history_leads_to_the_audit_page(signed_in: SignIn, bob: User, key: ApiKey) -> None:
    response = signed_in(bob).get(reverse("admin:accounts_apikey_history", args=[key.pk]), follow=True)
    assert [event.kind for event in response.context["cl"].result_list] == ["api_key.issued"]


@pytest.mark.parametrize(
    "page",
    [
        "django_celery_beat_periodictask_changelist",
        "django_celery_beat_periodictask_add",
        "django_celery_beat_intervalschedule_changelist",
        "django_celery_beat_crontabschedule_add",
    ],
)
def test_the_schedule_is_for_superusers(signed_in: SignIn, shop: Business, carol: User, root: User, page: str) -> None:
    assert signed_in(root).get(reverse(f"admin:{page}")).status_code == 200
    assert signed_in(carol).get(reverse(f"admin:{page}")).status_code == 403


def test_switching_a_task_off_is_told(signed_in: SignIn, root: User, shop: Business) -> None:
    every = IntervalSchedule.objects.create(every=10, period="seconds")
    task = PeriodicTask.objects.create(name="Drain", task="apps.core.tasks.drain_outbox", interval=every)
    signed_in(root).post(
        reverse("admin:django_celery_beat_periodictask_changelist"),
        {"action": "disable_tasks", "_selected_action": [str(task.pk)]},
    )
    task.refresh_from_db()
    assert not task.enabled
    assert Event.objects.get(kind="schedule.changed").data["changes"] == {"enabled": [True, False]}


def test_the_way_to_the_history_is_shown_to_those_who_may_read_it(
    signed_in: SignIn, alice: User, bob: User, shop: Business
) -> None:
    goal = Goal.objects.create(business=shop, text="Restock", state="waiting", approval_state="awaiting_approval")
    page = reverse("admin:goals_goal_change", args=[goal.pk])
    history = reverse("admin:goals_goal_history", args=[goal.pk])
    assert history in signed_in(bob).get(page).content.decode()
    assert history not in signed_in(alice).get(page).content.decode()
