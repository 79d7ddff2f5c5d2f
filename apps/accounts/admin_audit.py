"""EDGE: the Audit page: what happened in a business, who did it, and the export; for superusers what is under way."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter, TextFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator
from unfold.utils import parse_datetime_str

from apps.accounts.admin_base import ReadOnlyAdmin, SuperuserAdmin, everywhere, redirect_to_trail
from apps.accounts.admin_site import is_superuser
from apps.accounts.roles import Role
from apps.accounts.trail import EXPORTS, events_between, kinds_seen
from apps.core.models import Event, KeptAnswer, Outbox


class KindFilter(DropdownFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seat = getattr(request, "seat", None)
        return [(kind, kind) for kind in kinds_seen(seat.business_id)] if seat else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ActorFilter(TextFilter):
    title = "actor"
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(actor__icontains=self.value()) if self.value() else queryset


class SubjectFilter(TextFilter):
    title = "subject id"
    parameter_name = "subject_id"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(subject_id=self.value().strip()) if self.value() else queryset


class AtFilter(RangeDateTimeFilter):
    """The range of time as a range of ids, which begin with the time and have the index."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "time"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return events_between(queryset, self._moment("from"), self._moment("to"))

    def _moment(self, edge: str) -> datetime | None:
        date, time = (self.used_parameters.get(f"{self.parameter_name}_{edge}_{part}") for part in (0, 1))
        return parse_datetime_str(f"{date} {time or '00:00:00'}") if date else None


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Append-only, for admins of the business; the database refuses to alter it as well."""

    view_role = Role.ADMIN
    list_display = ["moment", "kind", "actor", "subject_shown", "told"]
    list_display_links = ["moment"]
    list_filter = [KindFilter, ActorFilter, SubjectFilter, ("at", AtFilter)]
    search_fields = ["kind__startswith", "actor", "subject_id__exact"]
    search_help_text = "Kind (goal.), actor, or a whole subject id"
    ordering = ["-id"]
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER
    paginator = InfinitePaginator
    fields = ["at", "kind", "actor", "subject_type", "subject_id", "data_shown"]
    readonly_fields = ["data_shown"]
    list_before_template = "accounts/audit_export.html"

    @display(description="When")
    def moment(self, event: Event) -> str:
        when = f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"
        return format_html('<time class="whitespace-nowrap" datetime="{}">{}</time>', event.at.isoformat(), when)

    @display(description="Subject")
    def subject_shown(self, event: Event) -> str:
        return f"{event.subject_type} {event.subject_id[:8]}"

    @display(description="Details")
    def told(self, event: Event) -> str:
        text = ", ".join(f"{name}: {_brief(value)}" for name, value in event.data.items())
        return text if len(text) <= 120 else f"{text[:119]}…"

    @display(description="Details")
    def data_shown(self, event: Event) -> str:
        text = json.dumps(event.data, indent=2, ensure_ascii=False, sort_keys=True)
        return format_html('<pre class="whitespace-pre-wrap break-words">{}</pre>', text)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """A whole id is looked up as the subject's, by its index; anything else as a kind or an actor."""
        try:
            return queryset.filter(subject_id=str(UUID(search_term.strip()))), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in ("subject_type", "subject_id") or super().lookup_allowed(lookup, value, request)

    changelist_view = everywhere(ReadOnlyAdmin.changelist_view)
    changeform_view = everywhere(ReadOnlyAdmin.changeform_view)

    def shows_shared(self, request: HttpRequest) -> bool:
        """Superusers also see what belongs to no business: accounts made, passwords set."""
        return is_superuser(request)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Everything that happened to the subject of this event."""
        event = self.get_object(request, object_id)
        if event is None or not self.has_view_permission(request):
            raise Http404
        return redirect_to_trail(event.subject_type, event.subject_id)

    def get_urls(self) -> list[Any]:
        export = path("export.<str:form>", self.admin_site.admin_view(self.export), name="core_event_export")
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """The events of the business that the page's filters leave, all of them, as CSV or JSON lines."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in EXPORTS:
            raise Http404
        try:
            events = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            raise Http404 from None
        kind, write = EXPORTS[form]
        name = f"audit-{timezone.now():%Y-%m-%d}.{form}"
        return StreamingHttpResponse(
            write(events, request.seat.business_id),  # type: ignore[attr-defined]
            content_type=kind,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnlyAdmin):
    """Answers kept for requests that come again with the same Idempotency-Key."""

    view_role = Role.ADMIN
    list_display = ["key", "status", "created_at"]
    search_fields = ["key__exact"]
    ordering = ["-created_at"]


@admin.register(Outbox)
class OutboxAdmin(SuperuserAdmin):
    """Events that have not reached every consumer yet: empty when all is well."""

    list_display = ["subject", "attempts", "next_attempt_at", "last_error"]
    search_fields = ["subject", "last_error"]
    ordering = ["event"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _brief(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
