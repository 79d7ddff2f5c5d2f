"""EDGE: the admin site as the house: who may enter, and what each role may see and change in it."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm as DjangoSignInForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.module_loading import import_string
from unfold.forms import AuthenticationForm as UnfoldSignInForm
from unfold.sites import UnfoldAdminSite

from apps.accounts.passwords import OwnPasswordForm
from apps.accounts.roles import Role, at_least


def role_in(request: HttpRequest) -> str | None:
    seat = getattr(request, "seat", None)
    return seat.role if seat else None


def may_administer(request: HttpRequest) -> bool:
    return at_least(role_in(request), Role.ADMIN)


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_superuser)


def business_name(request: HttpRequest) -> str:
    """Stands below our name in the shell."""
    seat = getattr(request, "seat", None)
    return seat.name if seat else "People in charge of agents"


def businesses_to_enter(request: HttpRequest) -> list[dict[str, str]]:
    """The switcher in the shell; empty, and so not shown, for people with one business."""
    seats = getattr(request, "seats", [])
    return [{"title": seat.name, "link": str(seat.business_id)} for seat in seats] if len(seats) > 1 else []


class SignInForm(UnfoldSignInForm):
    """Signs in every active person: there are no staff accounts here, only roles in businesses."""

    def confirm_login_allowed(self, user: Any) -> None:
        DjangoSignInForm.confirm_login_allowed(self, user)


class GatehouseSite(UnfoldAdminSite):
    """Whoever belongs to a business may enter."""

    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return user.is_active and (user.is_superuser or getattr(request, "seat", None) is not None)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            template_name="registration/password_change_form.html",
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)

    def extra_urls(self) -> list[URLPattern]:
        """The pages of the modules in settings.ADMIN_PAGES, each behind the same door as the rest of the site."""
        pages = [page for module in settings.ADMIN_PAGES for page in import_string(f"{module}.urlpatterns")]
        guarded = [URLPattern(page.pattern, self.admin_view(page.callback), name=page.name) for page in pages]
        return [path("counts/", self.admin_view(self.counts), name="counts"), *guarded]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Only where the models of an app are listed: the navigation is our own and needs none of it on each page."""
        return super().get_app_list(request, app_label) if app_label else []

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The work waits elsewhere: go there."""
        return redirect(settings.ADMIN_HOME)

    def counts(self, request: HttpRequest) -> JsonResponse:
        """The live counts of the navigation, by the address of their entry."""
        groups = self.get_sidebar_list(request)
        badges = [item for group in groups for item in group["items"] if "badge_callback" in item]
        return JsonResponse(
            {str(item["link"]): str(item["badge_callback"]) for item in badges if item["has_permission"]}
        )
