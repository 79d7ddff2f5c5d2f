"""The site map."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.accounts.consumers import Changes
from apps.ops.demo import agents as demo_agents
from apps.ops.demo import shop as demo_shop
from apps.ops.views import healthz
from apps.pilots import ofrep_stream

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", healthz),
    path("admin/", admin.site.urls),
    path("", include("apps.accounts.urls")),
    path("", include("apps.agents.urls")),
    path("", include("apps.workflows.answer_urls")),
    path("", include("apps.workflows.urls")),
    path("", include("apps.goals.urls")),
    path("", include("apps.trust.urls")),
    path("", include("apps.watch.urls")),
    path("", include("apps.approvals.urls")),
    path("", include("apps.tuning.urls")),
    path("", include("apps.llm.urls")),
    path("", include("apps.knowledge.urls")),
    path("", include("apps.pilots.ofrep_urls")),
    path("", include("apps.pilots.urls")),
    path("", include("apps.drafts.urls")),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("v1/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
if settings.DEMO_AGENTS:
    urlpatterns += [
        path("demo/agents/<slug:key>", demo_agents.act),
        path("demo/shop/orders", demo_shop.order),
        path("demo/shop/parcels", demo_shop.parcel),
    ]

handler404 = "apps.core.problems.not_found"
handler500 = "apps.core.problems.server_error"

websocket_urlpatterns = [path("ws/changes/", Changes.as_asgi())]
# What the live process serves beside websockets, by its own applications.
live_urlpatterns = [path(ofrep_stream.PATH, ofrep_stream.events)]  # type: ignore[arg-type]
