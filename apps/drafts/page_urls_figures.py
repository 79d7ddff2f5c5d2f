"""The pages of the pilot's figures, below /admin/; the address of the first works without its slash as well."""

from django.urls import path

from apps.drafts import pages_figures as pages

urlpatterns = [
    path("metrics/rag-pilot/", pages.rag_pilot, name="rag-pilot"),
    path("metrics/rag-pilot", pages.rag_pilot, name="rag-pilot-bare"),
    path("metrics/rag-pilot/figures/", pages.figures_part, name="rag-pilot-figures"),
    path("metrics/rag-pilot/drafts/", pages.drafts_page, name="rag-pilot-drafts"),
    path("metrics/rag-pilot/export/<slug:form>/", pages.export, name="rag-pilot-export"),
    path("metrics/rag-pilot/set-up/", pages.set_up, name="rag-pilot-set-up"),
    path("metrics/rag-pilot/backfill/", pages.backfill, name="rag-pilot-backfill"),
    path("metrics/rag-pilot/backfill/<uuid:pk>/", pages.backfill_act, name="rag-pilot-backfill-act"),
]
