"""The site map of recommendations, outcomes, trust and learning over REST; patterns are in urls_patterns.py."""

from django.urls import include, path

from apps.trust import api, api_learning

urlpatterns = [
    path("v1/recommendations", api.Recommendations.as_view()),
    path("v1/recommendations/<uuid:recommendation_id>", api.OneRecommendation.as_view()),
    path("v1/outcomes", api.Outcomes.as_view()),
    path("v1/trust", api_learning.Trust.as_view()),
    path("v1/trust/settings", api_learning.TrustSettingsView.as_view()),
    path("v1/learning/cycles", api_learning.Cycles.as_view()),
    path("v1/learning/cycles/<uuid:cycle_id>", api_learning.OneCycle.as_view()),
    path("", include("apps.trust.urls_patterns")),
]
