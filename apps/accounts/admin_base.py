"""EDGE: bases of the admin pages: permissions by role, rows of the current business, every write in the audit trail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Field, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from apps.accounts.admin_site import is_superuser, role_in
from apps.accounts.models import User
from apps.accounts.principals import Principal, actor_of, of_person
from apps.accounts.roles import Role, at_least
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError
from apps.core.events import record

LONGEST_TOLD = 200


def refusals_told(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """An act that refuses says so on the page one was on, and nothing is saved."""

    @wraps(view)
    def run(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return view(self, request, *args, **kwargs)
        except GatehouseError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(request.get_full_path())

    return run


class AuditedAdmin(ModelAdmin):
    """Writes `<model>.created | changed | deleted` with the values before and after; secret_fields are only named."""

    secret_fields: ClassVar[tuple[str, ...]] = ()
    # How the audit trail calls such a row; the model's name unless given.
    subject_name: ClassVar[str] = ""
    # Only the button Save: the form makes something that is not made twice, or not edited at once.
    only_save: ClassVar[bool] = False
    list_filter_submit = True
    list_per_page = 50
    warn_unsaved_form = True

    def business_of(self, request: HttpRequest, obj: Model) -> UUID | None:
        """The business whose trail tells of a change to this row."""
        return getattr(obj, "business_id", None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with self.reach(obj):
            super().save_model(request, obj, form, change)
            if not change or form.changed_data:
                self.tell(request, obj, "changed" if change else "created", changes=self._changes(form, change))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with self.reach(obj):
            self.tell(request, obj, "deleted", name=str(obj)[:LONGEST_TOLD])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    @contextmanager
    def reach(self, obj: Any) -> Iterator[None]:
        """A transaction in which this row may be written."""
        with transaction.atomic():
            yield

    def tell(self, request: HttpRequest, obj: Any, what: str, **data: Any) -> None:
        """Write the audit event `<model>.<what>` about this row."""
        name = self.subject()
        record(
            kind=f"{name}.{what}",
            subject_type=name,
            subject_id=obj.pk,
            business_id=self.business_of(request, obj),
            actor=actor_of(_person(request)),
            **data,
        )

    def subject(self) -> str:
        return self.subject_name or self.opts.model_name or ""

    def _changes(self, form: ModelForm, change: bool) -> dict[str, list[Any]]:
        told: dict[str, list[Any]] = {}
        for name in form.changed_data:
            if name in self.secret_fields or "password" in name:
                told[name] = ["(secret)", "(secret)"]
            else:
                before = form.initial.get(name) if change else None
                told[name] = [_short(before), _short(form.cleaned_data.get(name))]
        return told

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.only_save:
            context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    # The audit trail takes the place of the admin's own log.

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        return []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect_to_trail(self.subject(), object_id)

    changelist_view = refusals_told(ModelAdmin.changelist_view)
    changeform_view = refusals_told(ModelAdmin.changeform_view)
    delete_view = refusals_told(ModelAdmin.delete_view)


class TenantAdmin(AuditedAdmin):
    """Rows of the current business, for people of that business by role.

    A role of None means nobody. add_role and delete_role are change_role unless given. shared_rows: rows without a
    business (the defaults of the whole installation) are shown to all and may be changed by superusers only.
    """

    view_role: ClassVar[Role | str | None] = Role.VIEWER
    change_role: ClassVar[Role | str | None] = Role.ADMIN
    add_role: ClassVar[Role | str | None] = ""
    delete_role: ClassVar[Role | str | None] = ""
    shared_rows: ClassVar[bool] = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_role(request, self.view_role)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has_role(request, self.change_role) and self._may_touch(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._has_role(request, self.change_role if self.add_role == "" else self.add_role)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        role = self.change_role if self.delete_role == "" else self.delete_role
        return self._has_role(request, role) and self._may_touch(request, obj)

    def _has_role(self, request: HttpRequest, needed: Role | str | None) -> bool:
        return needed is not None and at_least(role_in(request), needed)

    def _may_touch(self, request: HttpRequest, obj: Any) -> bool:
        return not isinstance(obj, Model) or obj.business_id is not None or is_superuser(request)  # type: ignore[attr-defined]

    def principal(self, request: HttpRequest) -> Principal:
        """Who acts, in which business, for the acts this page calls."""
        return of_person(_person(request), request.seat)  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # The database shows no others anyway; this says so in the query, which then finds the index.
        seat = getattr(request, "seat", None)
        mine = Q(business_id=seat.business_id) if seat else Q(pk__in=[])
        return super().get_queryset(request).filter(mine | Q(business_id=None) if self.shows_shared(request) else mine)

    def shows_shared(self, request: HttpRequest) -> bool:
        return self.shared_rows

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*(super().get_exclude(request, obj) or ()), "business"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        base = super().get_form(request, obj, change, **kwargs)
        business_id = self.business_for_new(request)

        class Form(base):  # type: ignore[valid-type, misc]
            """Knows the business before it validates, so that "once per business" is an error beside the field."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                if self.instance._state.adding:
                    self.instance.business_id = business_id

            def _get_validation_exclusions(self) -> set[str]:
                return super()._get_validation_exclusions() - {"business"}

        Form.__name__ = base.__name__
        return Form

    def business_for_new(self, request: HttpRequest) -> UUID | None:
        return request.seat.business_id  # type: ignore[attr-defined]

    @contextmanager
    def reach(self, obj: Any) -> Iterator[None]:
        with across_businesses() if obj.business_id is None else nullcontext(), super().reach(obj):
            yield

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is User and "queryset" not in kwargs:
            seat = request.seat  # type: ignore[attr-defined]
            kwargs["queryset"] = User.objects.filter(memberships__business_id=seat.business_id).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnlyAdmin(TenantAdmin):
    """Rows that are looked at and never altered: the append-only ones, and those that only acts may change."""

    change_role = None
    add_role = None
    delete_role = None
    actions = None
    show_full_result_count = False
    warn_unsaved_form = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        named = super().get_readonly_fields(request, obj)
        return [*named, *(f.name for f in _plain_fields(self.model) if f.name not in named)]


class SuperuserAdmin(AuditedAdmin):
    """What belongs to the whole installation: superusers only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)


def everywhere(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Run a superuser's page over all businesses; with its template, which otherwise would be rendered too late."""

    @wraps(view)
    def run(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_superuser(request):
            return view(self, request, *args, **kwargs)
        with across_businesses():
            response = view(self, request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            return response

    return run


def redirect_to_trail(subject_type: str, subject_id: str) -> HttpResponseRedirect:
    """To the Audit page, showing what happened to one subject."""
    query = urlencode({"subject_type": subject_type, "subject_id": subject_id})
    return HttpResponseRedirect(f"{reverse('admin:core_event_changelist')}?{query}")


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _plain_fields(model: type[Model]) -> "list[Field[Any, Any]]":
    return [field for field in model._meta.fields if not field.primary_key and field.name != "business"]


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(list(value) if isinstance(value, QuerySet) else value)
    return text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 1]}…"
