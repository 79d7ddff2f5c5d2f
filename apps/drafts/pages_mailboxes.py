"""EDGE: the mailboxes of a business: which there are and how they fare, adding, altering, testing."""

from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import GatehouseError, Invalid
from apps.drafts.enlisting import add_mailbox, alter_mailbox, renew_webhook_secret, turn_mailbox
from apps.drafts.forms import MailboxForm, show_errors
from apps.drafts.keeping_apps import app_for
from apps.drafts.models import Mailbox, MailGrant
from apps.drafts.page_context import Who, carry_out, for_admins, for_members, mailbox_or_404, page, plain_words
from apps.drafts.sign_ins import CALLED, SignIn


@require_safe
@for_members
def mailboxes_page(request: HttpRequest, person: Who) -> HttpResponse:
    """Every mailbox with its last look, its last error and its access: one query."""
    rows = Mailbox.objects.filter(business_id=person.business_id).select_related("grant")
    rows = rows.annotate(conversations=Count("threads", distinct=True))
    return page(request, "drafts/mailboxes.html", title="Mailboxes", mailboxes=rows.order_by("address"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def add(request: HttpRequest, person: Who) -> HttpResponse:
    form = MailboxForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            mailbox = add_mailbox(business_id=person.business_id, actor=person.actor, given=form.given())
        except Invalid as error:
            show_errors(form, error)
        else:
            return redirect("admin:mailbox", mailbox.pk)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def edit(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    mailbox = mailbox_or_404(person, pk)
    form = MailboxForm(request.POST or None, instance=mailbox)
    if request.method == "POST" and form.is_valid():
        given = form.given()
        try:
            alter_mailbox(mailbox_id=pk, actor=person.actor, given=given)
        except Invalid as error:
            show_errors(form, error)
        else:
            carry_out(request, lambda: None, "Saved.")
            return redirect("admin:mailbox", pk)
    # A form that was refused has already written itself into its instance.
    return _form_page(request, form, mailbox_or_404(person, pk))


@require_POST
@for_admins
def test(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """Sign in at both servers as it is saved; nothing is fetched, nothing is sent."""
    from apps.drafts import connecting

    mailbox = mailbox_or_404(person, pk)
    try:
        tested: Any = connecting.test_mailbox(mailbox_id=pk)
    except GatehouseError as error:
        tested = {"words": plain_words(error)}
    return _form_page(request, MailboxForm(instance=mailbox), mailbox, tested=tested)


@require_POST
@for_admins
def turn(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """on: 1 or 0."""
    mailbox, on = mailbox_or_404(person, pk), request.POST.get("on") == "1"
    carry_out(
        request,
        lambda: turn_mailbox(mailbox_id=mailbox.pk, actor=person.actor, on=on),
        "Its mail is fetched again." if on else "Its mail stays where it is.",
    )
    return redirect("admin:mailbox", pk)


@require_POST
@for_admins
def new_secret(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """Shown on this answer only."""
    mailbox = mailbox_or_404(person, pk)
    secret = renew_webhook_secret(mailbox_id=pk, actor=person.actor)
    back = reverse("admin:mailbox", args=[pk])
    return page(
        request, "drafts/mailbox_secret.html", mailbox=mailbox, secret=secret, back=back, url=_webhook(request, mailbox)
    )


def _form_page(request: HttpRequest, form: MailboxForm, mailbox: Mailbox | None, tested: Any = None) -> HttpResponse:
    wrong = form.is_bound and not form.is_valid()
    return page(
        request,
        "drafts/mailbox.html",
        status=422 if wrong else 200,
        title="Mailbox" if mailbox else "Add a mailbox",
        form=form,
        mailbox=mailbox,
        tested=tested,
        webhook=_webhook(request, mailbox) if mailbox else "",
        sign_in=_sign_in(mailbox) if mailbox else None,
    )


def _sign_in(mailbox: Mailbox) -> dict[str, Any] | None:
    """How access by OAuth 2 stands; None where a password is used."""
    if mailbox.sign_in == SignIn.PASSWORD:
        return None
    grant = MailGrant.objects.filter(mailbox=mailbox).first()
    name = CALLED[SignIn(mailbox.sign_in)]
    ready = app_for(business_id=mailbox.business_id, provider=mailbox.sign_in) is not None
    return {"name": name, "ready": ready, "grant": grant}


def _webhook(request: HttpRequest, mailbox: Mailbox) -> str:
    """Where mail for this box is posted to."""
    try:
        return request.build_absolute_uri(reverse("mail-inbound", args=[mailbox.pk]))
    except NoReverseMatch:
        return ""
