"""The pages of models, below /admin/: settings.ADMIN_PAGES names this module, and the site guards each view."""

from django.urls import path

from apps.llm import pages

urlpatterns = [
    path("models/", pages.models_page, name="models"),
    path("models/add/", pages.add_page, name="models-add"),
    path("models/usage/", pages.usage_page, name="usage"),
    path("models/usage.csv", pages.usage_csv, name="usage-csv"),
    path("models/standings/", pages.standings_part, name="models-standings"),
    path("models/<uuid:pk>/", pages.edit_page, name="models-edit"),
    path("models/<uuid:pk>/test/", pages.test_provider, name="models-test"),
    path("models/<uuid:pk>/<slug:act>/", pages.act_on, name="models-act"),
]
