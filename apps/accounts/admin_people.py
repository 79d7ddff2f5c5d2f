"""EDGE: the pages of people: who belongs to a business, and for superusers the businesses and accounts themselves."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.admin_base import SuperuserAdmin, TenantAdmin, everywhere
from apps.accounts.admin_site import role_in
from apps.accounts.founding import found_business
from apps.accounts.members import add_member, change_role, remove_member
from apps.accounts.models import Business, Membership, User
from apps.accounts.passwords import note_password
from apps.accounts.roles import Role, may_manage

ROLE_COLOURS = {Role.OWNER: "primary", Role.ADMIN: "info", Role.REVIEWER: "success", Role.VIEWER: "default"}

if admin.site.is_registered(Group):
    admin.site.unregister(Group)


class AddMemberForm(forms.ModelForm):
    email = forms.EmailField(
        widget=UnfoldAdminEmailInputWidget,
        help_text="A person without an account is sent a mail to choose a password.",
    )
    first_name = forms.CharField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget)
    last_name = forms.CharField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Membership
        fields = ["role"]


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """The people of the current business."""

    view_role = Role.ADMIN
    subject_name = "membership"
    only_save = True
    list_display = ["person", "email", "role_shown", "last_login", "created_at"]
    list_filter = [("role", ChoicesDropdownFilter)]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email", "user__first_name", "user__last_name"]
    readonly_fields = ["person", "email", "last_login", "created_at"]
    fields = ["person", "email", "role", "last_login", "created_at"]
    add_fieldsets = ((None, {"fields": ["email", "role", "first_name", "last_name"]}),)

    @display(description="Person", ordering="user__username")
    def person(self, membership: Membership) -> str:
        return str(membership.user)

    @display(description="Mail", ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    @display(description="Role", ordering="role", label=ROLE_COLOURS)
    def role_shown(self, membership: Membership) -> tuple[str, str]:
        return membership.role, membership.get_role_display()

    @display(description="Last sign-in", ordering="user__last_login", empty_value="never")
    def last_login(self, membership: Membership) -> Any:
        return membership.user.last_login

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_manage(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_manage(request, obj)

    def _may_manage(self, request: HttpRequest, obj: Any) -> bool:
        return not isinstance(obj, Membership) or may_manage(role_in(request), obj.role)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.readonly_fields) if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = AddMemberForm
            kwargs["fields"] = ["role"]
        return super().get_form(request, obj, change, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = [(r.value, r.value.title()) for r in Role if may_manage(role_in(request), r)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by, given = self.principal(request), form.cleaned_data
        if change:
            change_role(by=by, membership_id=obj.pk, role=given["role"])
            return
        added = add_member(
            by=by,
            email=given["email"],
            role=given["role"],
            first_name=given["first_name"],
            last_name=given["last_name"],
        )
        obj.pk, obj.user, obj._state.adding = added.pk, added.user, False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        remove_member(by=self.principal(request), membership_id=obj.pk)


class FoundBusinessForm(forms.ModelForm):
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"), widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = Business
        fields = ["name", "slug"]


@admin.register(Business)
class BusinessAdmin(SuperuserAdmin):
    """Every business of the installation. One is never deleted: its audit trail stays."""

    list_display = ["name", "slug", "people", "created_at"]
    search_fields = ["name", "slug"]
    readonly_fields = ["created_at"]
    fields = ["name", "slug", "created_at"]
    add_fieldsets = ((None, {"fields": ["name", "slug", "owner"]}),)
    only_save = True

    changelist_view = everywhere(SuperuserAdmin.changelist_view)
    changeform_view = everywhere(SuperuserAdmin.changeform_view)

    @display(description="People", ordering="people")
    def people(self, business: Any) -> int:
        return business.people

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(people=Count("memberships"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["created_at"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs |= {"form": FoundBusinessForm, "fields": ["name", "slug"]}
        return super().get_form(request, obj, change, **kwargs)

    def business_of(self, request: HttpRequest, obj: Any) -> Any:
        return obj.pk

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        owner, by = form.cleaned_data["owner"], request.user
        founded = found_business(name=obj.name, slug=obj.slug, owner=owner, by=by)  # type: ignore[arg-type]
        obj.pk, obj.created_at, obj._state.adding = founded.pk, founded.created_at, False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(DjangoUserAdmin, SuperuserAdmin):
    """Accounts. One is made inactive rather than deleted: the decisions of a person keep their name."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["username", "email", "first_name", "last_name"]
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = (
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email", "single_keys"]}),
        ("Access", {"fields": ["is_active", "is_superuser", "last_login", "date_joined"]}),
    )
    add_fieldsets = (
        (None, {"fields": ["username", "email", "first_name", "last_name", "password1", "password2"]}),
        ("Access", {"fields": ["is_superuser"]}),
    )

    @display(description="Name")
    def name(self, user: User) -> str:
        return user.get_full_name()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if request.method == "POST" and response.status_code == 302:
                user = self.get_object(request, id)
                note_password(user=user, kind="user.password_set", by=request.user)  # type: ignore[arg-type]
        return response
