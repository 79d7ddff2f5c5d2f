"""The site map of features over REST."""

from django.urls import path

from apps.pilots import api, api_rollouts, stale_api

urlpatterns = [
    path("v1/pilots/settings", api_rollouts.PilotSettings.as_view()),
    path("v1/features", api.Features.as_view()),
    path("v1/features/stale", stale_api.StaleFeatures.as_view()),
    path("v1/features/<str:key>", api.OneFeature.as_view()),
    path("v1/features/<str:key>/default", api.Default.as_view()),
    path("v1/features/<str:key>/businesses", api.FeatureBusinesses.as_view()),
    path("v1/features/<str:key>/businesses/<uuid:business_id>/off", api.SwitchingOff.as_view()),
    path("v1/features/<str:key>/businesses/<uuid:business_id>/follow", api.Following.as_view()),
    path("v1/features/<str:key>/advance", api_rollouts.Advancing.as_view()),
    path("v1/features/<str:key>/advance/withdraw", api_rollouts.Withdrawing.as_view()),
    path("v1/features/<str:key>/rollbacks", api_rollouts.Rollbacks.as_view()),
    path("v1/features/<str:key>/rollbacks/<uuid:rollback_id>/undo", api_rollouts.Undoing.as_view()),
    path("v1/features/<str:key>/events", api.FeatureEvents.as_view()),
]
