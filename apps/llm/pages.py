"""EDGE: the pages of models: providers in their order, and what their use came to. For admins."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.admin_site import is_superuser, may_administer
from apps.accounts.models import User
from apps.accounts.principals import Principal, of_person
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError, Invalid, NotFound
from apps.llm.exporting import as_csv
from apps.llm.forms import ProviderForm, initial_of
from apps.llm.keeping import (
    add_provider,
    change_provider,
    close_breaker,
    move_provider,
    remove_provider,
    switch_provider,
)
from apps.llm.models import Provider
from apps.llm.page_context import host_of, models_context, usage_context, wanted_of
from apps.llm.selectors import find_provider
from apps.llm.trials import begin_trial

_REFUSED = "The database lets this process change nothing that belongs to every business"


@require_GET
def models_page(request: HttpRequest) -> HttpResponse:
    by = _admin(request)
    context = models_context(by.business_id, everywhere=is_superuser(request), now=timezone.now())
    return _render(request, "llm/models.html", "Models", **context)


@require_http_methods(["GET", "POST"])
def add_page(request: HttpRequest) -> HttpResponse:
    by, everywhere = _admin(request), is_superuser(request)
    form = ProviderForm(request.POST or None, everywhere=everywhere)
    if request.method == "POST" and form.is_valid():
        shared = everywhere and form.cleaned_data.get("scope") == "installation"
        secrets = {name: value for name, value in form.secrets_given().items() if value}

        def add() -> None:
            business_id = None if shared else by.business_id
            add_provider(business_id=business_id, actor=by.actor, **secrets, **form.fields_given())

        if _done(form, add, shared):
            messages.success(request, "Added. Test the connection before you rely on it.")
            return redirect("admin:models")
    return _render(request, "llm/provider_form.html", "Add a provider", status=_status(form), form=form)


@require_http_methods(["GET", "POST"])
def edit_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    by, provider = _admin(request), _changeable(request, pk)
    form = ProviderForm(request.POST or None, provider=provider, initial=initial_of(provider))
    if request.method == "POST" and form.is_valid():

        def change() -> None:
            change_provider(provider=provider, actor=by.actor, **form.secrets_given(), **form.fields_given())

        if _done(form, change, provider.business_id is None):
            messages.success(request, "Saved. It holds from now on, in every process.")
            return redirect("admin:models")
    title = f"Provider {provider.name}"
    return _render(
        request, "llm/provider_form.html", title, status=_status(form), form=form, provider=provider,
        host=host_of(provider.base_url),
    )  # fmt: skip


@require_POST
def act_on(request: HttpRequest, pk: UUID, act: str) -> HttpResponse:
    """act: on, off, up, down, close or remove."""
    by, provider = _admin(request), _changeable(request, pk)
    if act not in _ACTS:
        raise Http404
    do, words = _ACTS[act]
    try:
        with _writing(provider.business_id is None):
            do(provider, by.actor)
    except GatehouseError as error:
        messages.error(request, error.detail)
    except DatabaseError:
        messages.error(request, _REFUSED)
    else:
        if words:
            messages.success(request, words.format(provider.name))
    return redirect("admin:models")


@require_POST
def test_provider(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have a provider that the business may ask tested; the page shows what comes of it."""
    by = _admin(request)
    try:
        begin_trial(business_id=by.business_id, provider_id=pk, actor=by.actor, now=timezone.now())
    except NotFound:
        raise Http404 from None
    return redirect(f"{reverse('admin:models')}#provider-{pk}")


@require_GET
def standings_part(request: HttpRequest) -> HttpResponse:
    """How each provider stands, for a page that is open."""
    by = _admin(request)
    context = models_context(by.business_id, everywhere=is_superuser(request), now=timezone.now())
    return _render(request, "llm/standings.html", "Models", **context)


@require_GET
def usage_page(request: HttpRequest) -> HttpResponse:
    by = _admin(request)
    return _render(request, "llm/usage.html", "Use of models", **usage_context(by.business_id, request.GET.dict()))


@require_GET
def usage_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same rows as the page, all of them."""
    by = _admin(request)
    wanted, days = wanted_of(request.GET.dict())
    answer = StreamingHttpResponse(as_csv(by.business_id, wanted), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="model-usage-{days}-days.csv"'
    return answer


def _done(form: ProviderForm, act: Callable[[], None], shared: bool) -> bool:
    try:
        with _writing(shared):
            act()
    except Invalid as error:
        form.tell(error)
    except GatehouseError as error:
        form.add_error(None, error.detail)
    except DatabaseError:
        form.add_error(None, _REFUSED if shared else "This could not be saved; somebody else may have changed it")
    else:
        return True
    return False


def _writing(shared: bool) -> Any:
    return across_businesses() if shared else transaction.atomic()


def _changeable(request: HttpRequest, pk: UUID) -> Provider:
    found = find_provider(_admin(request).business_id, pk)
    if found is None:
        raise Http404
    if found.business_id is None and not is_superuser(request):
        raise PermissionDenied
    return found


def _admin(request: HttpRequest) -> Principal:
    seat = getattr(request, "seat", None)
    if seat is None or not may_administer(request):
        raise PermissionDenied
    return of_person(cast(User, request.user), seat)


def _status(form: ProviderForm) -> int:
    return 422 if form.errors else 200


def _render(request: HttpRequest, template: str, title: str, status: int = 200, **context: Any) -> HttpResponse:
    shell = {**admin.site.each_context(request), "title": title, "seat": getattr(request, "seat", None)}
    return TemplateResponse(request, template, {**shell, **context}, status=status)


_ACTS: dict[str, tuple[Callable[[Provider, str], None], str]] = {
    "on": (lambda row, actor: switch_provider(provider=row, on=True, actor=actor), "{} is asked from now on."),
    "off": (lambda row, actor: switch_provider(provider=row, on=False, actor=actor), "{} is not asked any more."),
    "up": (lambda row, actor: move_provider(provider=row, up=True, actor=actor), ""),
    "down": (lambda row, actor: move_provider(provider=row, up=False, actor=actor), ""),
    "close": (lambda row, actor: close_breaker(provider=row, actor=actor), "{} is asked again at once."),
    "remove": (lambda row, actor: remove_provider(provider=row, actor=actor), "{} is removed, and its key with it."),
}
