"""The address that mail is posted to."""

from django.urls import path

from apps.drafts.api_mail import InboundMail

urlpatterns = [path("v1/mail/inbound/<uuid:mailbox_id>", InboundMail.as_view(), name="mail-inbound")]
