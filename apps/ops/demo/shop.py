"""EDGE: the demo shop's own order and tracking service, which its tools call. Made-up orders, always the same."""

import hashlib
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

ARTICLES = [
    ("Harbour floor lamp", "129.00"),
    ("Pine bookshelf", "139.00"),
    ("Oak table", "620.00"),
    ("Linen cushion cover", "24.50"),
    ("Enamel teapot", "39.90"),
    ("Wool blanket", "89.00"),
]
STATES = ["paid", "packed", "shipped", "delivered", "delivered"]
CARRIERS = ["Nordpost", "Quayline"]
EPOCH = date(2026, 1, 1)
# The shop's orders have numbers of this range; a question for any other finds nothing.
FIRST, LAST = 1900, 2199


@require_GET
def order(request: HttpRequest) -> JsonResponse:
    """GET ?order_id=HP-2041: the order, or 404. It also holds what drafts must never see."""
    number = request.GET.get("order_id", "").upper()
    found = order_of(number)
    return JsonResponse(found) if found else JsonResponse({"error": "There is no such order"}, status=404)


@require_GET
def parcel(request: HttpRequest) -> JsonResponse:
    """GET ?tracking_number=PN48202041: where the parcel is, or 404."""
    number = request.GET.get("tracking_number", "").upper()
    found = order_of(f"HP-{number[-4:]}") if number.startswith("PN4820") and len(number) == 10 else None
    if not found or "parcel" not in found:
        return JsonResponse({"error": "There is no such parcel"}, status=404)
    return JsonResponse(found["parcel"] | {"order_id": found["order_id"]})


def order_of(number: str) -> dict[str, Any] | None:
    """An order of the shop by its number HP-1900 to HP-2199, None for any other. Money in euros, days as ISO dates."""
    digits = number.removeprefix("HP-")
    if not digits.isascii() or not digits.isdigit() or not FIRST <= int(digits) <= LAST:
        return None
    dice = hashlib.sha256(number.encode()).digest()
    name, price = ARTICLES[dice[0] % len(ARTICLES)]
    quantity, state = 1 + dice[1] % 3, STATES[dice[2] % len(STATES)]
    placed = EPOCH + timedelta(days=int(digits) - FIRST)
    found: dict[str, Any] = {
        "order_id": number,
        "status": state,
        "placed_on": placed.isoformat(),
        "items": [{"article": name, "quantity": quantity}],
        "total": f"{float(price) * quantity:.2f} EUR",
        # Not in the tool's list of fields, so no draft is ever told.
        "internal": {"margin": "41 %", "card": "4111 1111 1111 1111"},
    }
    if state in ("shipped", "delivered"):
        due = placed + timedelta(days=3 + dice[3] % 3)
        found["parcel"] = {
            "tracking_number": f"PN4820{digits}",
            "carrier": CARRIERS[dice[4] % len(CARRIERS)],
            "status": "delivered" if state == "delivered" else "in transit",
            "expected_on": due.isoformat(),
        }
    return found
