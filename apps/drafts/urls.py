"""The site map of mail and drafts over REST."""

from django.urls import include, path

from apps.drafts import api

urlpatterns = [
    path("", include("apps.drafts.urls_mail")),
    path("", include("apps.drafts.urls_figures")),
    path("v1/threads", api.Threads.as_view()),
    path("v1/threads/<uuid:thread_id>", api.OneThread.as_view()),
    path("v1/drafts", api.Drafts.as_view()),
    path("v1/drafts/settings", api.Settings.as_view()),
    path("v1/drafts/<uuid:draft_id>", api.OneDraft.as_view()),
    path("v1/drafts/<uuid:draft_id>/regenerate", api.Regenerations.as_view()),
]
