"""The site map of the use of models over REST."""

from django.urls import path

from apps.llm import api

urlpatterns = [
    path("v1/usage", api.UsageView.as_view()),
    path("v1/usage/totals", api.UsageTotalsView.as_view()),
]
