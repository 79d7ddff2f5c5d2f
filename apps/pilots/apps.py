from django.apps import AppConfig


class PilotsConfig(AppConfig):
    name = "apps.pilots"
    verbose_name = "Pilots"
