"""The site map of approvals and webhooks over REST. The pages of the queue are in page_urls.py."""

from django.urls import path

from apps.approvals import api, api_webhooks

urlpatterns = [
    path("v1/approvals", api.Approvals.as_view()),
    path("v1/approvals/decide", api.DecidingMany.as_view()),
    path("v1/approvals/<uuid:request_id>", api.OneApproval.as_view()),
    path("v1/approvals/<uuid:request_id>/decide", api.Deciding.as_view()),
    path("v1/approvals/<uuid:request_id>/cancel", api.Cancelling.as_view()),
    path("v1/webhooks", api_webhooks.Endpoints.as_view()),
    path("v1/webhooks/<uuid:endpoint_id>", api_webhooks.OneEndpoint.as_view()),
    path("v1/webhooks/<uuid:endpoint_id>/rotate", api_webhooks.Rotation.as_view()),
    path("v1/webhooks/<uuid:endpoint_id>/deliveries", api_webhooks.Deliveries.as_view()),
    path("v1/webhooks/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/redeliver", api_webhooks.Redelivery.as_view()),
]
