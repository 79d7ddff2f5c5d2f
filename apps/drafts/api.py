"""EDGE: threads, drafts and their settings over REST. Deciding about a draft is deciding about its request."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import Invalid
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, problems
from apps.drafts import schemas
from apps.drafts.assembling import masked_texts
from apps.drafts.choosing import choose, map_tools, mapped_tools, settings_of
from apps.drafts.models import DraftVersion
from apps.drafts.regenerating import regenerate
from apps.drafts.requests import RegenerateIn, SettingsIn
from apps.drafts.response import draft_as_json, settings_as_json, thread_as_json, whole_draft, whole_thread
from apps.drafts.selectors import (
    drafts_of,
    find_draft,
    find_thread,
    messages_of,
    newer_of,
    open_request_of,
    threads_of,
)

TAGS = ["Mail"]


class Threads(TenantView):
    scopes = {"GET": Scope.DRAFTS_READ}

    @extend_schema(
        operation_id="list_threads",
        summary="Conversations by mail, newest first",
        parameters=[OpenApiParameter("customer", str, description="Address of whoever wrote first"), *CURSOR],
        responses={200: schemas.MailThreadPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = threads_of(self.principal.business_id)
        if customer := _storable(request, "customer"):
            rows = rows.filter(customer__iexact=customer)
        return _page(request, rows, thread_as_json, self)


class OneThread(TenantView):
    scopes = {"GET": Scope.DRAFTS_READ}

    @extend_schema(
        operation_id="get_thread",
        summary="A conversation with its newest 200 messages and its drafts",
        responses={200: schemas.WholeMailThread, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, thread_id: UUID) -> Response:
        thread = find_thread(self.principal.business_id, thread_id)
        messages = messages_of(thread.pk)
        drafts = list(drafts_of(thread.business_id).filter(thread=thread)[:200])
        return Response(whole_thread(thread, messages, drafts, masked_texts(thread, messages)))


class Drafts(TenantView):
    scopes = {"GET": Scope.DRAFTS_READ}

    @extend_schema(
        operation_id="list_drafts",
        summary="Drafts, newest first",
        parameters=[
            OpenApiParameter("state", str, enum=schemas.STATES),
            OpenApiParameter("intent", str, enum=schemas.INTENTS),
            OpenApiParameter("thread", UUID),
            *CURSOR,
        ],
        responses={200: schemas.MailDraftPage, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = drafts_of(self.principal.business_id)
        for name, known in (("state", schemas.STATES), ("intent", schemas.INTENTS)):
            if wanted := request.query_params.get(name):
                if wanted not in known:
                    raise Invalid(name, f"One of {', '.join(known)}")
                rows = rows.filter(**{name: wanted})
        if thread := request.query_params.get("thread"):
            rows = rows.filter(thread_id=_id("thread", thread))
        return _page(request, rows, draft_as_json, self)


class OneDraft(TenantView):
    scopes = {"GET": Scope.DRAFTS_READ}

    @extend_schema(
        operation_id="get_draft",
        summary="A draft with every version, what it was made from and what the guardrails say",
        responses={200: schemas.WholeMailDraft, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, draft_id: UUID) -> Response:
        draft = find_draft(self.principal.business_id, draft_id)
        versions = DraftVersion.objects.filter(draft=draft).defer("prompt").order_by("number")
        newer = newer_of(draft)
        return Response(whole_draft(draft, list(versions), open_request_of(draft.pk), newer.messages if newer else 0))


class Regenerations(TenantView):
    scopes = {"POST": Scope.DRAFTS_WRITE}

    @extend_schema(
        operation_id="regenerate_draft",
        summary="Have another version written; it waits for a person as the first did",
        request=schemas.Regeneration,
        examples=[schemas.REGENERATE_EXAMPLE],
        responses={202: schemas.MailDraft, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, draft_id: UUID) -> Response:
        instruction = read(request, RegenerateIn).instruction
        by = self.principal
        find_draft(by.business_id, draft_id)
        user_id = by.user.pk if by.user else None
        draft = regenerate(draft_id=draft_id, instruction=instruction, actor=by.actor, user_id=user_id)
        return Response(draft_as_json(draft), status=202)


class Settings(TenantView):
    """How drafts are made in the caller's own business."""

    scopes = {"GET": Scope.DRAFTS_READ, "PATCH": Scope.DRAFTS_WRITE}

    @extend_schema(
        operation_id="get_draft_settings",
        summary="How drafts are made in your business",
        responses={200: schemas.DraftSettingsAnswer, **problems()},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return self._answer()

    @extend_schema(
        operation_id="change_draft_settings",
        summary="Change some of it; what is left out stays",
        request=schemas.DraftSettingsBody,
        responses={200: schemas.DraftSettingsAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def patch(self, request: Request) -> Response:
        wanted, by = read(request, SettingsIn), self.principal
        if choices := wanted.choices():
            choose(business_id=by.business_id, actor=by.actor, **choices)
        if wanted.intent_tools is not UNSET:
            map_tools(business_id=by.business_id, wanted=wanted.intent_tools, actor=by.actor)
        return self._answer()

    def _answer(self) -> Response:
        business_id = self.principal.business_id
        return Response(settings_as_json(settings_of(business_id), mapped_tools(business_id)))


def _page(request: Request, rows: Any, as_json: Any, view: Any) -> Response:
    pages = Cursor()
    found: Any = pages.paginate_queryset(rows, request, view)
    return pages.get_paginated_response([as_json(one) for one in found or []])


def _storable(request: Request, name: str) -> str:
    text = request.query_params.get(name, "")
    if "\0" in text:
        raise Invalid(name, "The null character cannot be searched for")
    return text


def _id(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(name, "Not an id") from None
