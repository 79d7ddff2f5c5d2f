from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from apps.accounts import schema_auth  # noqa: F401 - found by import


class AdminSiteConfig(AdminConfig):
    default_site = "apps.accounts.admin_site.GatehouseSite"
