"""The pages of the queue, below /admin/. settings.ADMIN_PAGES names this module; the admin site guards each view."""

from django.urls import path

from apps.approvals import page_actions, pages

urlpatterns = [
    path("queue/", pages.queue_page, name="queue"),
    path("queue/rows/", pages.rows_part, name="queue-rows"),
    path("queue/bulk/", page_actions.bulk, name="queue-bulk"),
    path("queue/keys/", page_actions.single_keys, name="queue-keys"),
    path("queue/<uuid:pk>/", pages.item_page, name="queue-item"),
    path("queue/<uuid:pk>/status/", pages.status_part, name="queue-status"),
    path("queue/<uuid:pk>/precedents/", pages.precedents_part, name="queue-precedents"),
    path("queue/<uuid:pk>/claim/", page_actions.claim, name="queue-claim"),
    path("queue/<uuid:pk>/let-go/", page_actions.let_go, name="queue-let-go"),
    path("queue/<uuid:pk>/skip/", page_actions.skip, name="queue-skip"),
    path("queue/<uuid:pk>/decide/", page_actions.decide, name="queue-decide"),
]
