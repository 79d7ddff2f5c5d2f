"""The site map of figures and backfills over REST."""

from django.urls import path

from apps.drafts import api_figures as api

urlpatterns = [
    path("v1/drafts/metrics", api.DraftMetrics.as_view()),
    path("v1/drafts/backfills", api.Backfills.as_view()),
    path("v1/drafts/backfills/<uuid:run_id>", api.OneBackfill.as_view()),
    path("v1/drafts/backfills/<uuid:run_id>/pause", api.PauseBackfill.as_view()),
    path("v1/drafts/backfills/<uuid:run_id>/resume", api.ResumeBackfill.as_view()),
    path("v1/drafts/backfills/<uuid:run_id>/cancel", api.CancelBackfill.as_view()),
]
