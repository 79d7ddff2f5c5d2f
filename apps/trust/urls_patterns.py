"""The addresses of patterns and of what is told of trust as a whole."""

from django.urls import path

from apps.trust import api_patterns as api

urlpatterns = [
    path("v1/patterns", api.Patterns.as_view()),
    path("v1/patterns/<uuid:pk>", api.OnePattern.as_view()),
    path("v1/trust/reviewers", api.ReviewersView.as_view()),
    path("v1/trust/head-to-head", api.HeadToHeadView.as_view()),
    path("v1/trust/what-if", api.WhatIfView.as_view()),
    path("v1/trust/health", api.HealthView.as_view()),
]
