"""The pages of goals, below /admin/: settings.ADMIN_PAGES names this module, and the admin site guards each view."""

from django.urls import path

from apps.goals import pages

urlpatterns = [
    path("goal/<uuid:pk>/", pages.goal_page, name="goal"),
    path("gate/", pages.gate_page, name="gate"),
    path("gate/switch/", pages.switch, name="gate-switch"),
]
