"""The admin shell: name, mark, colours and the navigation with its live counts."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.text import format_lazy


def _item(title: str, icon: str, link: str, badge: str = "", permission: str = "") -> dict[str, Any]:
    item: dict[str, Any] = {"title": title, "icon": icon, "link": reverse_lazy(link)}
    if badge:
        item |= {"badge": badge, "badge_style": "solid"}
    if permission:
        item["permission"] = permission
    return item


def _in_queue(request: HttpRequest, *, decided: bool) -> bool:
    """The queue page shows what waits and, by its filter, what was decided: two entries of the navigation."""
    state = request.GET.get("state", "awaiting_approval")
    return request.path.startswith("/admin/queue/") and (state != "awaiting_approval") is decided


_QUEUE = _item("Queue", "inbox", "admin:queue", badge="apps.approvals.selectors.waiting_badge")
_QUEUE["active"] = lambda request: _in_queue(request, decided=False)
_DECIDED = _item("Decided", "task_alt", "admin:queue")
_DECIDED["link"] = format_lazy("{}?state=approved", reverse_lazy("admin:queue"))
_DECIDED["active"] = lambda request: _in_queue(request, decided=True)

# The page of one agent belongs to it as well; the others below its address have entries of their own.
_TRUST = _item("Trust", "verified_user", "admin:trust")
_TRUST["active"] = lambda request: request.path == "/admin/trust/" or request.path.startswith("/admin/trust/agents/")

_ADMIN = "apps.accounts.admin_site.may_administer"
_SUPERUSER = "apps.accounts.admin_site.is_superuser"

UNFOLD = {
    "SITE_TITLE": "Gatehouse",
    "SITE_HEADER": "Gatehouse",
    "SITE_SUBHEADER": "apps.accounts.admin_site.business_name",
    "SITE_DROPDOWN": "apps.accounts.admin_site.businesses_to_enter",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("gatehouse/mark.svg"),
    "SITE_SYMBOL": "door_open",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("gatehouse/mark.svg")},
    ],
    "SHOW_HISTORY": "apps.accounts.admin_site.may_administer",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "STYLES": [lambda request: static("gatehouse/gatehouse.css")],
    "SCRIPTS": [lambda request: static("gatehouse/live.js")],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .014 185)",
            "100": "oklch(94.5% .035 185)",
            "200": "oklch(89% .065 185)",
            "300": "oklch(81% .09 185)",
            "400": "oklch(71% .1 185)",
            "500": "oklch(61% .095 185)",
            "600": "oklch(51% .085 187)",
            "700": "oklch(44% .072 189)",
            "800": "oklch(38% .06 190)",
            "900": "oklch(33% .05 191)",
            "950": "oklch(25% .04 192)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Work",
                "items": [
                    _QUEUE,
                    _item("Goals", "flag", "admin:goals_goal_changelist", badge="apps.goals.selectors.open_badge"),
                    _item(
                        "Workflows",
                        "account_tree",
                        "admin:workflows",
                        badge="apps.workflows.page_figures.waiting_badge",
                    ),
                    _DECIDED,
                    _item("Audit", "history", "admin:core_event_changelist", permission=_ADMIN),
                ],
            },
            {
                "title": "Mail",
                "separator": True,
                "items": [
                    _item("Threads", "forum", "admin:threads"),
                    _item("Mailboxes", "mail", "admin:mailboxes"),
                    _item("Knowledge", "menu_book", "admin:knowledge"),
                    _item("Drafting", "edit_note", "admin:draft-settings"),
                    _item("Models", "network_intelligence", "admin:models", permission=_ADMIN),
                    _item("RAG pilot", "science", "admin:rag-pilot"),
                ],
            },
            {
                "title": "Rules",
                "separator": True,
                "items": [
                    _item("Gate", "tune", "admin:gate"),
                    _item("Calibration", "target", "admin:calibration"),
                    _item("Watch", "monitoring", "admin:watch", badge="apps.watch.selectors.alerts_badge"),
                    _item(
                        "Features",
                        "toggle_on",
                        "admin:features",
                        badge="apps.pilots.badges.incidents_badge",
                        permission="apps.pilots.badges.may_see_features",
                    ),
                    _item("Policies", "policy", "admin:approvals_policy_changelist", permission=_ADMIN),
                    _item("Agents", "smart_toy", "admin:agents_agent_changelist", permission=_ADMIN),
                    _item("Tools", "construction", "admin:agents_tool_changelist", permission=_ADMIN),
                    _item("Webhooks", "webhook", "admin:approvals_webhookendpoint_changelist", permission=_ADMIN),
                    _item("Alert channels", "notifications", "admin:alerts_channel_changelist", permission=_ADMIN),
                ],
            },
            {
                "title": "Learning",
                "separator": True,
                "items": [
                    _TRUST,
                    _item("Patterns", "hub", "admin:patterns"),
                    _item("Performance", "show_chart", "admin:performance"),
                    _item("Learning cycles", "school", "admin:learning"),
                ],
            },
            {
                "title": "Business",
                "separator": True,
                "items": [
                    _item("People", "group", "admin:accounts_membership_changelist", permission=_ADMIN),
                    _item("API keys", "key", "admin:accounts_apikey_changelist", permission=_ADMIN),
                    _item("Businesses", "apartment", "admin:accounts_business_changelist", permission=_SUPERUSER),
                    _item("Users", "person", "admin:accounts_user_changelist", permission=_SUPERUSER),
                    _item(
                        "Schedule",
                        "schedule",
                        "admin:django_celery_beat_periodictask_changelist",
                        permission=_SUPERUSER,
                    ),
                ],
            },
        ],
    },
}
