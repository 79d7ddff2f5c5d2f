"""The pages of workflows, below /admin/: settings.ADMIN_PAGES names this module; the site guards each view."""

from django.urls import path

from apps.workflows import page_actions, pages, pages_workflow

urlpatterns = [
    path("workflows/", pages.workflows_page, name="workflows"),
    path("workflow-library/add/", pages_workflow.new_workflow, name="workflow-new"),
    path("workflow-library/install/", pages_workflow.install, name="workflows-install"),
    path("workflows/runs/<uuid:pk>/", pages.run_page, name="run"),
    path("workflows/runs/<uuid:pk>/cancel/", page_actions.cancel, name="run-cancel"),
    path("workflows/runs/<uuid:pk>/resume/", page_actions.resume, name="run-resume"),
    path("workflows/runs/<uuid:pk>/<str:part>/", pages.run_content, name="run-content"),
    path("workflows/steps/<uuid:pk>/", pages.step_page, name="run-of-step"),
    path("workflows/steps/<uuid:pk>/content/", pages.step_content, name="run-step-content"),
    path("workflows/steps/<uuid:pk>/retry/", page_actions.retry, name="run-step-retry"),
    path("workflows/<slug:key>/", pages_workflow.workflow_page, name="workflow"),
    path("workflows/<slug:key>/configure/", pages_workflow.configure, name="workflow-configure"),
    path("workflows/<slug:key>/restore/", pages_workflow.restore, name="workflow-restore"),
    path("workflows/<slug:key>/name/", pages_workflow.rename, name="workflow-rename"),
    path("workflows/<slug:key>/turn/", pages_workflow.turn, name="workflow-turn"),
    path("workflows/<slug:key>/start/", pages_workflow.start, name="workflow-start"),
]
