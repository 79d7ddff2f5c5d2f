"""Find the business a signed-in person works in and run the whole request as that business."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from apps.accounts.row_access import acting_for
from apps.accounts.selectors import Seat, seats_of

SESSION_KEY = "business_id"


class CurrentBusinessMiddleware:
    """Sets request.seat (Seat or None) and request.seats; pages then see rows of that business only.

    REST requests do not pass here: their authentication knows the business (apps/accounts/authentication.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.seat, request.seats = None, []  # type: ignore[attr-defined]
        if (
            request.path.startswith(("/v1/", "/reasoning/", "/ofrep/", "/healthz", "/static/"))
            or not request.user.is_authenticated
        ):
            return self.get_response(request)
        seats = seats_of(request.user)
        seat = choose_seat(seats, request.session.get(SESSION_KEY))
        request.seats, request.seat = seats, seat  # type: ignore[attr-defined]
        if seat is None:
            return self.get_response(request)
        with acting_for(seat.business_id):
            response = self.get_response(request)
            # A template that is rendered after this block would find no rows any more.
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response.render()
            # An error has become a response by now; what its view had written must not stay.
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response


def choose_seat(seats: list[Seat], wanted: str | None) -> Seat | None:
    """The seat the session names if the person still has it, else the first."""
    for seat in seats:
        if wanted == str(seat.business_id):
            return seat
    return seats[0] if seats else None
