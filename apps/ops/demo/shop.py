"""EDGE: the demo shop's own order and tracking service, which its tools call.

Made-up orders. An order keeps its number, its goods and its age: the highest number is always of today, so the shop is
in the middle of its work whenever it is looked at.
"""

import hashlib
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

ARTICLES = [
    ("Harbour floor lamp", "129.00"),
    ("Pine bookshelf", "139.00"),
    ("Oak table", "620.00"),
    ("Linen cushion cover", "24.50"),
    ("Enamel teapot", "39.90"),
    ("Wool blanket", "89.00"),
]
# What has become of an order after so many days; later ones are delivered.
STATES = ["paid", "packed", "shipped", "shipped"]
CARRIERS = ["Nordpost", "Quayline"]
ORDERS_A_DAY = 10
# The shop's orders have numbers of this range; a question for any other finds nothing.
FIRST, LAST = 1900, 2199


@require_GET
def order(request: HttpRequest) -> JsonResponse:
    """GET ?order_id=HP-2041: the order, or 404. It also holds what drafts must never see."""
    number = request.GET.get("order_id", "").upper()
    found = order_of(number, timezone.localdate())
    return JsonResponse(found) if found else JsonResponse({"error": "There is no such order"}, status=404)


@require_GET
def parcel(request: HttpRequest) -> JsonResponse:
    """GET ?tracking_number=PN48202041: where the parcel is, or 404."""
    number = request.GET.get("tracking_number", "").upper()
    known = number.startswith("PN4820") and len(number) == 10
    found = order_of(f"HP-{number[-4:]}", timezone.localdate()) if known else None
    if not found or "parcel" not in found:
        return JsonResponse({"error": "There is no such parcel"}, status=404)
    return JsonResponse(found["parcel"] | {"order_id": found["order_id"]})


def days_since(number: int) -> int:
    """How many days ago the order of this number, FIRST to LAST, was placed: 0 to 29."""
    return (LAST - number) // ORDERS_A_DAY


def order_of(number: str, today: date) -> dict[str, Any] | None:
    """An order of the shop by its number HP-1900 to HP-2199, None for any other. Money in euros, days as ISO dates."""
    digits = number.removeprefix("HP-")
    if not digits.isascii() or not digits.isdigit() or not FIRST <= int(digits) <= LAST:
        return None
    dice = hashlib.sha256(number.encode()).digest()
    name, price = ARTICLES[dice[0] % len(ARTICLES)]
    quantity, age = 1 + dice[1] % 3, days_since(int(digits))
    found: dict[str, Any] = {
        "order_id": number,
        "status": STATES[age] if age < len(STATES) else "delivered",
        "placed_on": (today - timedelta(days=age)).isoformat(),
        "items": [{"article": name, "quantity": quantity}],
        "total": f"{float(price) * quantity:.2f} EUR",
        # Not in the tool's list of fields, so no draft is ever told.
        "internal": {"margin": "41 %", "card": "4111 1111 1111 1111"},
    }
    if found["status"] in ("shipped", "delivered"):
        found["parcel"] = _parcel(digits, dice, today - timedelta(days=age), arrived=found["status"] == "delivered")
    return found


def _parcel(digits: str, dice: bytes, placed: date, *, arrived: bool) -> dict[str, str]:
    parcel = {
        "tracking_number": f"PN4820{digits}",
        "carrier": CARRIERS[dice[4] % len(CARRIERS)],
        "status": "delivered" if arrived else "in transit",
    }
    if arrived:
        return parcel | {"delivered_on": (placed + timedelta(days=3 + dice[3] % 2)).isoformat()}
    return parcel | {"expected_on": (placed + timedelta(days=4 + dice[3] % 2)).isoformat()}
