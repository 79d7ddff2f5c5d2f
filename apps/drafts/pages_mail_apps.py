"""EDGE: the applications by which a business's mailboxes sign in at Google, Microsoft 365 and others."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Invalid
from apps.drafts.forms import show_errors
from apps.drafts.forms_mail_apps import MailAppForm
from apps.drafts.keeping_apps import installations_app, keep_app, remove_app
from apps.drafts.models import MailApp
from apps.drafts.page_context import Who, carry_out, for_admins, page
from apps.drafts.sign_ins import NAMES, PROVIDERS, SignIn


@require_safe
@for_admins
def apps_page(request: HttpRequest, person: Who) -> HttpResponse:
    """Each provider, and whose application is used: one query."""
    own = {row.provider: row for row in MailApp.objects.filter(business_id=person.business_id)}
    rows = [
        {
            "provider": one.value,
            "name": NAMES[one],
            "own": own.get(one.value),
            "shared": installations_app(one) is not None,
        }
        for one in PROVIDERS
    ]
    return page(request, "drafts/mail_apps.html", title="Sign-in applications", apps=rows)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def one_app(request: HttpRequest, person: Who, provider: str) -> HttpResponse:
    if provider not in PROVIDERS:
        raise Http404
    row = MailApp.objects.filter(business_id=person.business_id, provider=provider).first()
    form = MailAppForm(request.POST or None, instance=row, provider=SignIn(provider))
    if request.method == "POST" and form.is_valid():
        try:
            keep_app(business_id=person.business_id, provider=provider, actor=person.actor, given=form.given())
        except Invalid as error:
            show_errors(form, error)
        else:
            carry_out(request, lambda: None, "Saved.")
            return redirect("admin:mail-apps")
    wrong = form.is_bound and not form.is_valid()
    return page(
        request,
        "drafts/mail_app.html",
        status=422 if wrong else 200,
        title="Sign-in application",
        form=form,
        provider=provider,
        name=NAMES[SignIn(provider)],
        kept=row is not None,
        redirect_uri=redirect_uri(),
    )


@require_POST
@for_admins
def remove(request: HttpRequest, person: Who, provider: str) -> HttpResponse:
    carry_out(
        request,
        lambda: remove_app(business_id=person.business_id, provider=provider, actor=person.actor),
        "Forgotten. Mailboxes that signed in by it must sign in again.",
    )
    return redirect("admin:mail-apps")


def redirect_uri() -> str:
    """Where providers send people back to; it is registered there, and so the same on every page."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("admin:mail-signed-in")
