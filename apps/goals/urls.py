"""The site map of goals over REST."""

from django.urls import path

from apps.goals import api

urlpatterns = [
    path("v1/goals", api.Goals.as_view()),
    path("v1/goals/<uuid:goal_id>", api.OneGoal.as_view()),
    path("v1/goals/<uuid:goal_id>/cancel", api.Cancellation.as_view()),
    path("v1/goals/<uuid:goal_id>/clarifications", api.Clarifications.as_view()),
    path("v1/callback-secret", api.CallbackSecret.as_view()),
    path("reasoning/execute", api.Execute.as_view()),
]
