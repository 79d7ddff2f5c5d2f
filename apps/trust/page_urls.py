"""The pages of trust, below /admin/: settings.ADMIN_PAGES names this module, and the admin site guards each view."""

from django.urls import path

from apps.trust import pages, pages_learning, pages_patterns, pages_performance

urlpatterns = [
    path("trust/", pages.trust_page, name="trust"),
    path("trust/patterns/", pages_patterns.patterns_page, name="patterns"),
    path("trust/patterns/<uuid:pk>/", pages_patterns.pattern_page, name="pattern"),
    path("trust/performance/", pages_performance.performance_page, name="performance"),
    path("trust/performance/export.<str:form>", pages_performance.performance_export, name="performance-export"),
    path("trust/learning/", pages_learning.learning_page, name="learning"),
    path("trust/learning/now/", pages_learning.now_part, name="learning-now"),
    path("trust/learning/what-if/", pages_learning.whatif_part, name="learning-whatif"),
    path("trust/learning/reviewers/", pages_learning.reviewers_part, name="learning-reviewers"),
    path("trust/learning/start/", pages_learning.start, name="learning-start"),
    path("trust/learning/settings/", pages_learning.choose, name="learning-settings"),
    path("trust/agents/<slug:key>/", pages.agent_page, name="agent-trust"),
    path("trust/agents/<slug:key>/head-to-head/", pages.duels_part, name="agent-duels"),
    path("trust/agents/<slug:key>/enable/", pages.enable, name="agent-enable"),
    path("trust/<slug:key>/", pages.agent_by_key, name="agent-by-key"),
]
