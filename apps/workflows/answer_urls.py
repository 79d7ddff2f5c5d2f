"""The one address of REST that agents call."""

from django.urls import path

from apps.workflows.api_answers import StepAnswer

urlpatterns = [path("v1/workflows/steps/<uuid:step_id>/answer", StepAnswer.as_view())]
