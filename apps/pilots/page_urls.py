"""The pages of features, below /admin/: settings.ADMIN_PAGES names this module, and the admin site guards each view."""

from django.urls import path

from apps.pilots import (
    page_actions,
    pages,
    pages_adding,
    pages_editing,
    pages_guards,
    pages_ladder,
    pages_rollback,
    pages_settings,
)

urlpatterns = [
    path("features/", pages.features_page, name="features"),
    path("pilots/new/", pages_editing.new_feature, name="feature-new"),
    path("pilots/settings/", pages_settings.settings_page, name="pilot-settings"),
    path("features/id/<uuid:pk>/", pages.feature_of_id, name="feature-of-id"),
    path("features/<str:key>/", pages.feature_page, name="feature"),
    path("features/<str:key>/businesses/", pages.businesses_part, name="feature-businesses"),
    path("features/<str:key>/businesses/<uuid:pk>/", page_actions.turn, name="feature-turn"),
    path("features/<str:key>/own/", page_actions.turn_own_feature, name="feature-own"),
    path("features/<str:key>/standing/", pages.standing_part, name="feature-standing"),
    path("features/<str:key>/history/", pages.history_page, name="feature-history"),
    path("features/<str:key>/default/", page_actions.choose_default, name="feature-default"),
    path("features/<str:key>/advance/", page_actions.advance, name="feature-advance"),
    path("features/<str:key>/withdraw/", page_actions.withdraw, name="feature-withdraw"),
    path("features/<str:key>/archive/", page_actions.archive, name="feature-archive"),
    path("features/<str:key>/edit/", pages_editing.edit, name="feature-edit"),
    path("features/<str:key>/ladder/", pages_ladder.ladder_page, name="feature-ladder"),
    path("features/<str:key>/add/", pages_adding.add, name="feature-add"),
    path("features/<str:key>/rollback/", pages_rollback.rollback_page, name="feature-rollback"),
    path("features/<str:key>/rollbacks/<uuid:pk>/", pages_rollback.rolled_back_page, name="feature-rolled-back"),
    path("features/<str:key>/rollbacks/<uuid:pk>/undo/", pages_rollback.undo_rollback, name="feature-undo"),
    path("features/<str:key>/guards/new/", pages_guards.new_guard, name="feature-guard-new"),
    path("features/<str:key>/guards/<uuid:pk>/", pages_guards.guard_page, name="feature-guard"),
    path("features/<str:key>/guards/<uuid:pk>/act/", pages_guards.guard_act, name="feature-guard-act"),
    path("features/<str:key>/incidents/<uuid:pk>/", pages_guards.incident_act, name="feature-incident"),
]
