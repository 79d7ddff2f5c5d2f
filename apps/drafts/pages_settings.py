"""EDGE: how drafts are made in a business, and which tools bring the facts for which intent."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.agents.kinds import ToolKind
from apps.agents.models import Tool
from apps.core.errors import GatehouseError, Invalid
from apps.drafts.choosing import choose, settings_of
from apps.drafts.choosing import map_tool as map_one
from apps.drafts.choosing import unmap_tool as unmap_one
from apps.drafts.forms import INTENTS, SettingsForm, show_errors
from apps.drafts.gathering import SOURCES
from apps.drafts.models import IntentTool
from apps.drafts.page_context import Who, carry_out, for_admins, for_members, page, plain_words
from apps.drafts.page_tools import arguments_in, parameters_of

SOURCE_WORDS = {
    "order_number": "the order number in the mail",
    "tracking_number": "the tracking number in the mail",
    "sender": "the address of the sender",
    "date": "the date in the mail",
    "sender_name": "the name of the sender",
    "subject": "the subject of the mail",
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def settings_page(request: HttpRequest, person: Who) -> HttpResponse:
    """Everybody sees how drafts are made; admins change it."""
    if request.method != "POST":
        return _page(request, person, SettingsForm(instance=settings_of(person.business_id)))
    return _save(request)


@for_admins
def _save(request: HttpRequest, person: Who) -> HttpResponse:
    form = SettingsForm(request.POST, instance=settings_of(person.business_id))
    if not form.is_valid():
        return _page(request, person, form, status=422)
    try:
        choose(business_id=person.business_id, actor=person.actor, **form.cleaned_data)
    except Invalid as error:
        show_errors(form, error)
        return _page(request, person, form, status=422)
    carry_out(request, lambda: None, "Saved. It holds for drafts that are made from now on.")
    return redirect("admin:draft-settings")


@require_POST
@for_admins
def map_tool(request: HttpRequest, person: Who) -> HttpResponse:
    """intent, tool, and for each parameter p:<tool>:<name> = what of the mail fills it."""
    given = request.POST
    try:
        tool_id = UUID(given.get("tool", ""))
        map_one(
            business_id=person.business_id,
            intent=given.get("intent", ""),
            tool_id=tool_id,
            arguments=arguments_in(given, tool_id),
            actor=person.actor,
        )
    except ValueError:
        words = "Choose a tool."
    except GatehouseError as error:
        words = plain_words(error)
    else:
        carry_out(request, lambda: None, "This tool is asked from now on.")
        return redirect("admin:draft-settings")
    form = SettingsForm(instance=settings_of(person.business_id))
    return _page(request, person, form, status=422, tool_error=words, given=given.dict())


@require_POST
@for_admins
def unmap_tool(request: HttpRequest, person: Who, pk: UUID) -> HttpResponse:
    carry_out(
        request,
        lambda: unmap_one(business_id=person.business_id, intent_tool_id=pk, actor=person.actor),
        "This tool is not asked any more.",
    )
    return redirect("admin:draft-settings")


def _page(
    request: HttpRequest,
    person: Who,
    form: SettingsForm,
    *,
    status: int = 200,
    tool_error: str = "",
    given: object = None,
) -> HttpResponse:
    tools = list(Tool.objects.filter(business_id=person.business_id).exclude(kind=ToolKind.DESCRIBED).order_by("name"))
    mapped = list(IntentTool.objects.filter(business_id=person.business_id).select_related("tool"))
    if not person.may_configure:
        for field in form.fields.values():
            field.disabled = True
    return page(
        request,
        "drafts/settings.html",
        status=status,
        title="Drafting",
        form=form,
        tools=[(tool, parameters_of(tool.parameters)) for tool in tools],
        groups=[(words, [row for row in mapped if row.intent == key]) for key, words in INTENTS],
        intents=INTENTS,
        sources=[(key, SOURCE_WORDS.get(key, key)) for key in SOURCES],
        tool_error=tool_error,
        given=given or {},
    )
