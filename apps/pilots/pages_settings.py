"""EDGE: how the current business uses the powers that it pilots."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.admin_site import may_administer
from apps.core.errors import Invalid
from apps.pilots.choosing import CHOICES, choose_settings, settings_of
from apps.pilots.forms import SettingsForm, tell_errors
from apps.pilots.models.settings import BusinessSettings
from apps.pilots.page_context import page, who


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """For admins of the business; under its own row security."""
    person = who(request)
    if not may_administer(request) or person.business_id is None:
        raise PermissionDenied
    chosen = settings_of(person.business_id)
    if request.method != "POST":
        return _page(request, chosen, SettingsForm(initial={name: getattr(chosen, name) for name in CHOICES}))
    form = SettingsForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                choose_settings(business_id=person.business_id, actor=person.actor, **form.cleaned_data)
        except Invalid as error:
            tell_errors(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("admin:pilot-settings")
    return _page(request, chosen, form, status=422)


def _page(request: HttpRequest, chosen: BusinessSettings, form: SettingsForm, status: int = 200) -> HttpResponse:
    return page(request, "pilots/settings.html", form=form, chosen=chosen, status=status)
