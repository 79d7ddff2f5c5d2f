from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "Accounts"


class AdminSiteConfig(AdminConfig):
    default_site = "apps.accounts.admin_site.GatehouseSite"
