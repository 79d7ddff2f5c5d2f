"""EDGE: pages of the account itself: entering a business, and the passwords of people who are not signed in."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth import views as auth
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from apps.accounts.entering import enter_business
from apps.accounts.middleware import SESSION_KEY
from apps.accounts.passwords import ForgottenPasswordForm, NewPasswordForm
from apps.core.errors import NotAllowed


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Make another business the current one of this session."""
    user: Any = request.user
    try:
        business_id = UUID(request.POST.get("business", ""))
        seat = enter_business(user=user, seats=request.seats, business_id=business_id)  # type: ignore[attr-defined]
    except (ValueError, NotAllowed):
        raise PermissionDenied from None
    request.session[SESSION_KEY] = str(seat.business_id)
    messages.success(request, f"You are in {seat.name} now.")
    # The page one came from may show a thing of the other business, so the way leads to the start.
    return redirect("admin:index")


class _InShell:
    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}  # type: ignore[misc]


class ForgottenPassword(_InShell, auth.PasswordResetView):
    title = "Forgotten password"
    form_class = ForgottenPasswordForm
    template_name = "accounts/password_forgotten.html"
    email_template_name = "accounts/password_mail.txt"
    subject_template_name = "accounts/password_mail_subject.txt"
    success_url = reverse_lazy("password_mail_sent")


class PasswordMailSent(_InShell, auth.PasswordResetDoneView):
    title = "Look into your mail"
    template_name = "accounts/password_mail_sent.html"


class ChoosePassword(_InShell, auth.PasswordResetConfirmView):
    title = "Choose a password"
    form_class = NewPasswordForm
    template_name = "accounts/password_choose.html"
    success_url = reverse_lazy("password_chosen")


class PasswordChosen(_InShell, auth.PasswordResetCompleteView):
    title = "Your password is set"
    template_name = "accounts/password_chosen.html"
