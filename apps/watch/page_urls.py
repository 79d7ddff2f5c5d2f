"""The pages of Watch, below /admin/: settings.ADMIN_PAGES names this module, and the admin site guards each view."""

from django.urls import path

from apps.watch import pages

urlpatterns = [
    path("watch/", pages.watch_page, name="watch"),
    path("watch/figures/", pages.figures_part, name="watch-figures"),
    path("watch/goals/", pages.goals_page, name="watch-goals"),
    path("watch/alerts/<uuid:pk>/", pages.acknowledge_alert, name="watch-acknowledge"),
]
