"""Work of accounts that runs on the workers."""

from celery import shared_task
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from apps.accounts.models import Business, User


@shared_task(autoretry_for=(OSError,), retry_backoff=5, max_retries=8)
def send_invitation(user_id: str, business_id: str) -> None:
    """Tell a person that they belong to a business now; who has no password yet gets a link to choose one."""
    user, business = User.objects.get(pk=user_id), Business.objects.get(pk=business_id)
    link = reverse("admin:index")
    if not user.has_usable_password():
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        link = reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(user)])
    words = {"user": user, "business": business, "link": settings.PUBLIC_URL.rstrip("/") + link}
    send_mail(
        subject=" ".join(f"You now belong to {business.name} on Gatehouse".split()),
        message=render_to_string("accounts/invitation.txt", words),
        from_email=None,
        recipient_list=[user.email],
    )
