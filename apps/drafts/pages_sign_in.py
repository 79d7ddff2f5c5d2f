"""EDGE: from a mailbox's page to its provider and back. What comes back counts once, in the session that set out.

OAuth 2 sends people back by GET. All that this address does by itself is to look for the state that it is given among
those which this session has been given; the code is then handed to an act.
"""

import secrets
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import GatehouseError
from apps.drafts.granting import forget_access, take_access, where_to_sign_in
from apps.drafts.page_context import Who, carry_out, for_admins, mailbox_or_404, page, plain_words
from apps.drafts.pages_mail_apps import redirect_uri
from apps.drafts.sign_ins import CALLED, SignIn

SESSION_KEY = "mail_sign_ins"
# As long as a person may take at the provider, and how many tabs they may have open there.
VALID_SECONDS, MOST_OPEN = 900, 5
DENIED = {"access_denied": "Access was not given."}


@require_POST
@for_admins
def set_out(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    """Remember in the session that this person signs in for this mailbox, and lead to the provider's page."""
    mailbox = mailbox_or_404(person, pk)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    try:
        url = where_to_sign_in(mailbox=mailbox, redirect_uri=redirect_uri(), state=state, verifier=verifier)
    except GatehouseError as error:
        messages.error(request, plain_words(error))
        return redirect("admin:mailbox", pk)
    entry = {
        "mailbox": str(pk),
        "provider": mailbox.sign_in,
        "verifier": verifier,
        "until": time.time() + VALID_SECONDS,
    }
    kept = list(_open(request).items())[1 - MOST_OPEN :]
    request.session[SESSION_KEY] = {**dict(kept), state: entry}
    # By a page, not a redirection: the policy of content lets forms lead to our own addresses only.
    return page(
        request,
        "drafts/signing_in.html",
        title="Sign in",
        url=url,
        host=urlsplit(url).hostname,
        name=CALLED[SignIn(mailbox.sign_in)],
        mailbox=mailbox,
    )


@never_cache
@require_GET
@for_admins
def came_back(request: HttpRequest, person: Who) -> HttpResponse:
    """The provider sends ?code&state, or ?error&state."""
    opened = _open(request)
    entry = opened.pop(request.GET.get("state", ""), None)
    if entry is None:
        messages.error(request, "This sign-in was not begun here, is done, or took too long. Begin it again.")
        return redirect("admin:mailboxes")
    request.session[SESSION_KEY] = opened
    mailbox = mailbox_or_404(person, UUID(entry["mailbox"]))
    name, code = CALLED[SignIn(entry["provider"])], request.GET.get("code", "")[:4000]
    if not code:
        told = "".join(one for one in request.GET.get("error", "") if one.isalnum() or one in "_-")[:60]
        messages.error(request, f"{name[0].upper()}{name[1:]}: {DENIED.get(told) or f'it sent no code ({told}).'}")
        return redirect("admin:mailbox", mailbox.pk)
    carry_out(
        request,
        lambda: take_access(
            mailbox_id=mailbox.pk,
            provider=entry["provider"],
            actor=person.actor,
            code=code,
            verifier=entry["verifier"],
            redirect_uri=redirect_uri(),
        ),
        f"Signed in with {name}. Test the connection to see that mail can be read and sent.",
    )
    return redirect("admin:mailbox", mailbox.pk)


@require_POST
@for_admins
def sign_out(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    mailbox = mailbox_or_404(person, pk)
    carry_out(
        request,
        lambda: forget_access(mailbox_id=mailbox.pk, actor=person.actor),
        "Forgotten here. The provider's own page of connected apps still lists it.",
    )
    return redirect("admin:mailbox", pk)


def _open(request: HttpRequest) -> dict[str, dict[str, Any]]:
    """{state: what the session knows of it} of those that are not too old."""
    kept = request.session.get(SESSION_KEY) or {}
    return {state: entry for state, entry in kept.items() if entry["until"] > time.time()}
