"""What every template knows: the current business, the others one may enter, where the websocket is."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest

_PORT = re.compile(r":\d+$")


def current_business(request: HttpRequest) -> dict[str, Any]:
    return {
        "seat": getattr(request, "seat", None),
        "seats": getattr(request, "seats", []),
        "live_url": settings.LIVE_URL.replace("{host}", _PORT.sub("", request.get_host())),
    }
