from django.apps import AppConfig


class GoalsConfig(AppConfig):
    name = "apps.goals"
    verbose_name = "Goals"
