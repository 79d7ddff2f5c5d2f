from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "apps.knowledge"
    verbose_name = "Knowledge"

    def ready(self) -> None:
        from apps.knowledge import checks  # noqa: F401
