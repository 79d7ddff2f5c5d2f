"""The pages of accounts inside the admin site (settings.ADMIN_PAGES)."""

from django.urls import path

from apps.accounts import views

urlpatterns = [path("enter/", views.enter, name="enter")]
