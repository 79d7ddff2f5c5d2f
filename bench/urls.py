"""The product's site map and, beside it, what the benchmarks compare it with."""

from django.urls import include, path

from bench import peers

urlpatterns = [
    path("", include("config.urls")),
    # Below /v1/, where the middleware treats them as it treats the product's own endpoints.
    path("v1/bench/nothing", peers.nothing),
    path("v1/bench/key", peers.Authenticated.as_view()),
    path("v1/bench/row", peers.AuthenticatedRow.as_view()),
    path("v1/bench/tenant-row", peers.TenantRow.as_view()),
]
