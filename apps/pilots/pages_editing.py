"""EDGE: the forms that make a feature and change what it says of itself."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.core.errors import GatehouseError, Invalid
from apps.pilots.defining import create_feature, edit_feature
from apps.pilots.forms import FeatureForm, tell_errors
from apps.pilots.models import Feature
from apps.pilots.page_context import for_admins, operating, page, who
from apps.pilots.plans import seven_day_plan

READS_AND_POST = ["GET", "HEAD", "POST"]


@require_http_methods(READS_AND_POST)
@for_admins
def new_feature(request: HttpRequest) -> HttpResponse:
    """For superusers: a feature is the installation's."""
    person = who(request)
    if not person.superuser:
        raise PermissionDenied
    if request.method != "POST":
        return _form(request, FeatureForm(superuser=True, initial={"owner": person.user.email}))
    form = FeatureForm(request.POST, superuser=True)
    if form.is_valid():
        ladder = seven_day_plan() if form.cleaned_data["plan"] == "seven" else ()
        try:
            with transaction.atomic():
                feature = create_feature(**form.columns, ladder=ladder, actor=person.actor)
        except Invalid as error:
            tell_errors(form, error)
        else:
            messages.success(request, "Made. Nobody has it yet.")
            return redirect("admin:feature", feature.key)
    return _form(request, form, status=422)


@require_http_methods(READS_AND_POST)
@operating
def edit(request: HttpRequest, feature: Feature) -> HttpResponse:
    person = who(request)
    if request.method != "POST":
        return _form(request, FeatureForm(superuser=person.superuser, feature=feature), feature)
    form = FeatureForm(request.POST, superuser=person.superuser, feature=feature)
    if form.is_valid():
        try:
            with transaction.atomic():
                edit_feature(feature_id=feature.pk, actor=person.actor, **form.columns)
        except Invalid as error:
            tell_errors(form, error)
        except GatehouseError as error:
            form.add_error(None, error.detail)
        else:
            messages.success(request, "Saved.")
            return redirect("admin:feature", feature.key)
    return _form(request, form, feature, status=422)


def _form(request: HttpRequest, form: FeatureForm, feature: Feature | None = None, status: int = 200) -> HttpResponse:
    return page(request, "pilots/feature_form.html", form=form, feature=feature, status=status)
