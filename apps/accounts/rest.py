"""EDGE: the base of the REST views: the caller's business is current for the whole handler."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.principals import Principal
from apps.accounts.row_access import acting_for
from apps.accounts.throttling import add_headers
from apps.core import bodies, idempotency


class TenantView(APIView):
    """A view of one business's things. `scopes` names the scope each method needs.

    The handler runs in one transaction under row-level security; an error rolls all of it back. A subclass that must
    work outside of it (to compute before it writes) sets `opens_transaction = False` and enters `acting_for` itself.
    """

    scopes: dict[str, str] = {}
    opens_transaction = True

    @property
    def principal(self) -> Principal:
        return self.request.user  # type: ignore[return-value]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for method in ("get", "post", "put", "patch", "delete"):
            handler = cls.__dict__.get(method)
            if handler and cls.opens_transaction:
                setattr(cls, method, _in_business(handler))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        add_headers(request, final)
        return final


def _in_business(handler: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(handler)
    def run(self: TenantView, request: Request, *args: Any, **kwargs: Any) -> Response:
        with acting_for(request.user.business_id):  # type: ignore[union-attr]
            return handler(self, request, *args, **kwargs)

    return run


def create_once(request: Request, act: Callable[[], idempotency.Answer]) -> Response:
    """Answer a create: through the Idempotency-Key where one is given. Call inside the business's transaction."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        status, body = act()
        return Response(body, status=status)
    principal: Principal = request.user  # type: ignore[assignment]
    print_ = idempotency.fingerprint(request.method or "", request.path, bodies.raw(request))
    (status, body), repeated = idempotency.once(business_id=principal.business_id, key=key, print_=print_, act=act)
    return Response(body, status=status, headers={"Idempotent-Replayed": "true"} if repeated else None)
