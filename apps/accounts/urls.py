"""The site map of accounts: the audit trail over REST, and the pages of people who are not signed in."""

from django.urls import path

from apps.accounts import api, views

urlpatterns = [
    path("v1/events", api.Events.as_view()),
    # The sign-in page looks for this name.
    path("password/forgotten/", views.ForgottenPassword.as_view(), name="admin_password_reset"),
    path("password/sent/", views.PasswordMailSent.as_view(), name="password_mail_sent"),
    path("password/choose/<uidb64>/<token>/", views.ChoosePassword.as_view(), name="password_reset_confirm"),
    path("password/chosen/", views.PasswordChosen.as_view(), name="password_chosen"),
]
