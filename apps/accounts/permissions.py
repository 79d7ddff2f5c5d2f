"""EDGE: what a REST view demands of its caller."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.principals import Principal


class HasScope(BasePermission):
    """The caller has the scope the view names for this method: `scopes = {"GET": "goals:read", ...}`."""

    message = "This key has not the scope that this needs"

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = request.user
        if not isinstance(principal, Principal):
            return False
        needed = view.scopes.get(request.method or "")
        if needed is None and request.method not in view.allowed_methods:
            # Not a matter of permission: the view answers 405.
            return True
        return needed is not None and needed in principal.scopes
