"""EDGE: the trust cards, and the page of one agent."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.agents.models import Agent
from apps.agents.switching import enable_agent
from apps.trust.page_context import admin_of, business_of, carry_out, page, part
from apps.trust.page_context_agent import agent_context, duels_context
from apps.trust.page_context_trust import cards_context, wanted_in


@require_safe
def trust_page(request: HttpRequest) -> HttpResponse:
    """type, q, sort, view (list for the dense one), page."""
    return page(request, "trust/trust.html", **cards_context(business_of(request), wanted_in(request.GET)))


@require_safe
def agent_page(request: HttpRequest, key: str) -> HttpResponse:
    """after: id of the last recommendation of the page before. compare: with the head-to-head at once."""
    agent, now = _agent(business_of(request), key), timezone.now()
    context = agent_context(agent, now=now, after=request.GET.get("after", ""))
    if "compare" in request.GET:
        context |= duels_context(agent, now)
    return page(request, "trust/agent.html", title=agent.name, **context)


@require_safe
def duels_part(request: HttpRequest, key: str) -> HttpResponse:
    """The head-to-head alone: reading it takes a moment, so the page asks for it once it comes into view."""
    agent = _agent(business_of(request), key)
    return part(request, "trust/duels.html", agent=agent, **duels_context(agent, timezone.now()))


@require_safe
def agent_by_key(request: HttpRequest, key: str) -> HttpResponse:
    """A shorter address, for agents not called like a page."""
    return redirect("admin:agent-trust", _agent(business_of(request), key).key)


@require_POST
def enable(request: HttpRequest, key: str) -> HttpResponse:
    """Let an agent work again that was switched off."""
    by = admin_of(request)
    agent = _agent(business_of(request), key)
    carry_out(
        request,
        lambda: enable_agent(agent_id=agent.pk, actor=by.actor),
        f"{agent.name} is asked again. If its trust stays below 0.3, the next cycle switches it off again.",
    )
    return redirect("admin:agent-trust", agent.key)


def _agent(business_id: UUID, key: str) -> Agent:
    agent = Agent.objects.filter(business_id=business_id, key=key).first()
    if agent is None:
        raise Http404
    return agent
