"""EDGE: add many businesses to a feature: paste or upload, look at what would happen, add."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.core.errors import GatehouseError
from apps.pilots.bulk_adding import Planned, add_businesses, plan_of
from apps.pilots.forms import AddForm
from apps.pilots.models import Feature
from apps.pilots.page_context import operating, page, who
from apps.pilots.pasted import Entry, read_list

# Of those that can be added, so many are named; all that cannot.
MOST_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@operating
def add(request: HttpRequest, feature: Feature) -> HttpResponse:
    """do: look (a preview) or add (the good ones; the others come back with what is wrong)."""
    if request.method != "POST":
        return _page(request, feature, AddForm())
    form = AddForm(request.POST, request.FILES)
    entries = _entries(form)
    if entries is None:
        return _page(request, feature, form, status=422)
    if request.POST.get("do") != "add":
        return _page(request, feature, _again(form), plan_of(feature, entries))
    try:
        with transaction.atomic():
            plans = add_businesses(feature_id=feature.pk, entries=entries, actor=who(request).actor)
    except GatehouseError as error:
        form.add_error(None, error.detail)
        return _page(request, feature, form, status=error.status)
    return _done(request, feature, form, plans)


def _entries(form: AddForm) -> list[Entry] | None:
    """The lines of the list; None where the form cannot be read, which it then says."""
    if not form.is_valid():
        return None
    try:
        return read_list(form.cleaned_data["text"])
    except ValueError as error:
        form.add_error("file" if form.cleaned_data.get("file") else "text", str(error))
        return None


def _done(request: HttpRequest, feature: Feature, form: AddForm, plans: list[Planned]) -> HttpResponse:
    good = sum(not plan.wrong for plan in plans)
    wrong = [plan for plan in plans if plan.wrong]
    if good:
        messages.success(request, f"{good:,} business{'es' if good > 1 else ''} added.")
    if not wrong:
        return redirect(f"{reverse('admin:feature', args=[feature.key])}?show=listed#businesses")
    # What could not be added stays to be put right.
    left = AddForm(initial={"text": _lines_of(wrong, form.cleaned_data["text"])})
    return _page(request, feature, left, wrong, added=good)


def _lines_of(plans: list[Planned], text: str) -> str:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [line for plan in plans for line in lines[plan.entry.number - 1 : plan.entry.last]]
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    return "\n".join([first, *kept] if "business" in first.casefold() and first not in kept else kept)


def _again(form: AddForm) -> AddForm:
    """The form with the text of the file in it: what is looked at is what is added."""
    return AddForm(initial={"text": form.cleaned_data["text"]})


def _page(
    request: HttpRequest,
    feature: Feature,
    form: AddForm,
    plans: list[Planned] | None = None,
    *,
    added: int | None = None,
    status: int = 200,
) -> HttpResponse:
    found = plans or []
    good, wrong = [plan for plan in found if not plan.wrong], [plan for plan in found if plan.wrong]
    return page(
        request,
        "pilots/add.html",
        feature=feature,
        form=form,
        looked=plans is not None,
        good=good[:MOST_SHOWN],
        good_count=len(good),
        wrong=wrong[:MOST_SHOWN],
        wrong_count=len(wrong),
        added=added,
        status=status,
    )
