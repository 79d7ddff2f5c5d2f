from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "apps.trust"
    verbose_name = "Trust"
