"""The site map of workflows over REST. What stands in the place of a key is reserved (defining.RESERVED)."""

from django.urls import path

from apps.workflows import api, api_runs

urlpatterns = [
    path("v1/workflows", api.Workflows.as_view()),
    path("v1/workflows/patterns", api.Patterns.as_view()),
    path("v1/workflows/ready", api.ReadyWorkflows.as_view()),
    path("v1/workflows/runs", api_runs.Runs.as_view()),
    path("v1/workflows/runs/<uuid:run_id>", api_runs.OneRun.as_view()),
    path("v1/workflows/runs/<uuid:run_id>/cancel", api_runs.Cancelling.as_view()),
    path("v1/workflows/runs/<uuid:run_id>/resume", api_runs.Resuming.as_view()),
    path("v1/workflows/steps/<uuid:step_id>", api_runs.OneStep.as_view()),
    path("v1/workflows/steps/<uuid:step_id>/retry", api_runs.Retrying.as_view()),
    path("v1/workflows/<str:key>", api.OneWorkflow.as_view()),
    path("v1/workflows/<str:key>/runs", api_runs.WorkflowRuns.as_view()),
    path("v1/workflows/<str:key>/versions/<int:number>", api.OneVersion.as_view()),
    path("v1/workflows/<str:key>/versions/<int:number>/restore", api.Restoring.as_view()),
]
