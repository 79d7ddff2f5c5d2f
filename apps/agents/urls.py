"""The site map of agents and tools over REST. Their pages are in the admin site."""

from django.urls import path

from apps.agents import api, api_tools

urlpatterns = [
    path("v1/agents", api.Agents.as_view()),
    path("v1/agents/<slug:key>", api.OneAgent.as_view()),
    path("v1/agents/<slug:key>/disable", api.Disabling.as_view()),
    path("v1/agents/<slug:key>/enable", api.Enabling.as_view()),
    path("v1/agents/<slug:key>/breaker/close", api.ClosingBreaker.as_view()),
    path("v1/agents/<slug:key>/secret", api.Renewing.as_view()),
    path("v1/tools", api_tools.Tools.as_view()),
    path("v1/tools/<str:name>", api_tools.OneTool.as_view()),
    path("v1/tools/<str:name>/use", api_tools.Using.as_view()),
    path("v1/tools/<str:name>/breaker/close", api_tools.ClosingToolBreaker.as_view()),
]
