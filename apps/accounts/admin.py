"""EDGE: the admin pages of accounts, one module a page."""

from apps.accounts import admin_audit, admin_keys, admin_people

__all__ = ["admin_audit", "admin_keys", "admin_people"]
