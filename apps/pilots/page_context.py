"""EDGE: who looks at the pages of features, and what the templates are given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.utils import timezone

from apps.accounts.admin_site import is_superuser, role_in
from apps.accounts.models import User
from apps.accounts.principals import Principal, actor_of, of_person
from apps.accounts.roles import Role, at_least, scopes_of
from apps.accounts.row_access import across_businesses
from apps.pilots.badges import may_see_features
from apps.pilots.models import Feature
from apps.pilots.rosters import SHOWS, Roster, roster_of
from apps.pilots.selectors import operated

View = Callable[..., HttpResponse]
# Rows that a page may ask to keep where they are.
MOST_KEPT = 200
SHOW_WORDS = {"all": "All", "on": "On", "off": "Off", "listed": "Listed", "held": "Held back"}


@dataclass(frozen=True, slots=True)
class Who:
    """The person at the page, in the business they have entered (if any)."""

    user: User
    actor: str
    business_id: UUID | None
    role: str | None
    superuser: bool

    @property
    def runs_rollouts(self) -> dict[str, Any]:
        """What selectors.may_operate and operated ask about a person."""
        return {"business_id": self.business_id, "role": self.role, "superuser": self.superuser}

    @property
    def is_owner(self) -> bool:
        return self.superuser or at_least(self.role, Role.OWNER)


def who(request: HttpRequest) -> Who:
    user = cast(User, request.user)
    seat = getattr(request, "seat", None)
    return Who(user, actor_of(user), seat.business_id if seat else None, role_in(request), is_superuser(request))


def principal_of(request: HttpRequest, feature: Feature) -> Principal:
    """The person as acts know them; a superuser in no business acts in the home of the feature."""
    person, seat = who(request), getattr(request, "seat", None)
    if seat is not None:
        return of_person(person.user, seat)
    if feature.home_id is None:
        raise PermissionDenied("You are in no business, and the feature has no home")
    return Principal(feature.home_id, scopes_of(Role.OWNER), person.actor, user=person.user, role=Role.OWNER)


def for_admins(view: View) -> View:
    """For those who may administer the business they are in, and superusers; anyone else gets 403."""

    @wraps(view)
    def run(request: HttpRequest, **rest: Any) -> HttpResponse:
        if not may_see_features(request):
            raise PermissionDenied
        with across_businesses():
            return rendered(view(request, **rest))

    return run


def operating(view: View) -> View:
    """The view gets the feature in place of its key, over all businesses; 404 for who does not run its rollout."""

    @wraps(view)
    def run(request: HttpRequest, key: str, **rest: Any) -> HttpResponse:
        if not may_see_features(request):
            raise PermissionDenied
        with across_businesses():
            rows = Feature.objects.filter(operated(**who(request).runs_rollouts)).select_related("owner", "home")
            # A null character would be an error of the database.
            feature = None if "\0" in key else rows.filter(key=key).first()
            if feature is None:
                raise Http404
            return rendered(view(request, feature, **rest))

    return run


def rendered(response: HttpResponse) -> HttpResponse:
    """The response with its template rendered, which later would find no rows any more."""
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.render()
    return response


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    shell = {**admin.site.each_context(request), "title": "Features", "now": timezone.now()}
    return TemplateResponse(request, template, {**shell, "who": who(request), **context}, status=status)


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks for a part of the page, to put it into the page it has."""
    return bool(request.htmx) or request.headers.get("x-part") == "1"  # type: ignore[attr-defined]


def roster_asked(request: HttpRequest, feature: Feature) -> dict[str, Any]:
    """The table of businesses as the query asks for it: show, q, page; keep, of businesses shown already."""
    asked = request.GET
    keep = [pk for text in asked.get("keep", "").split(",")[:MOST_KEPT] if (pk := uuid_or_none(text))]
    roster = roster_of(
        feature,
        show=asked.get("show", "all"),
        search=asked.get("q", "")[:120],
        page=whole(asked.get("page", "")),
        keep=keep,
    )
    return roster_context(roster)


def roster_context(roster: Roster) -> dict[str, Any]:
    tabs = [(show, SHOW_WORDS[show], roster.counts[show]) for show in SHOWS]
    return {"roster": roster, "tabs": tabs}


def whole(text: str) -> int:
    """A page's number as typed; 1 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
