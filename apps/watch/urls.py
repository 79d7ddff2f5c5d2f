"""The site map of Watch over REST."""

from django.urls import path

from apps.watch import api

urlpatterns = [path("v1/gate/health", api.GateHealthView.as_view())]
