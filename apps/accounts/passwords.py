"""ACT: a person sets their own password: in the account menu, or by the link of an invitation or a reset mail."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.core.cache import cache
from django.db import transaction
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from apps.accounts.models import User
from apps.accounts.principals import actor_of
from apps.core.events import record

# One mail an address in this time, so that nobody's mailbox can be filled from our page.
MAIL_EVERY_SECONDS = 300


def note_password(*, user: User, kind: str, by: User) -> None:
    """Tell the audit trail that a password was set, never which."""
    record(kind=kind, subject_type="user", subject_id=user.pk, business_id=None, actor=actor_of(by))


class _Noted:
    """Saves the new password and its audit event together."""

    kind: str

    def save(self, commit: bool = True) -> Any:
        with transaction.atomic():
            user: Any = super().save(commit)  # type: ignore[misc]
            note_password(user=user, kind=self.kind, by=user)
        return user


class OwnPasswordForm(_Noted, AdminOwnPasswordChangeForm):
    kind = "user.password_changed"


class NewPasswordForm(_Noted, SetPasswordForm):
    kind = "user.password_reset"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class ForgottenPasswordForm(PasswordResetForm):
    """Sends a link to choose a password, also to people who were invited and have never had one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget = UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": True})

    def get_users(self, email: str) -> Iterable[User]:
        if not cache.add(f"password-mail:{email.lower()}", 1, MAIL_EVERY_SECONDS):
            return []
        return User.objects.filter(email__iexact=email, is_active=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        kwargs["extra_email_context"] = {"public_url": settings.PUBLIC_URL.rstrip("/")}
        super().save(*args, **kwargs)
