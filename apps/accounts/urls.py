"""The site map of accounts over REST."""

from django.urls import path

from apps.accounts import api

urlpatterns = [path("v1/events", api.Events.as_view())]
