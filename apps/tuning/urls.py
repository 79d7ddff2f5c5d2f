"""The site map of calibration over REST."""

from django.urls import path

from apps.tuning import api

urlpatterns = [
    path("v1/tuning/reliability", api.ReliabilityView.as_view()),
    path("v1/tuning/simulate", api.Simulation.as_view()),
    path("v1/tuning/curves", api.Curves.as_view()),
    path("v1/tuning/refit", api.Refit.as_view()),
    path("v1/tuning/revert", api.Reversion.as_view()),
    path("v1/tuning/thresholds", api.ThresholdsView.as_view()),
]
