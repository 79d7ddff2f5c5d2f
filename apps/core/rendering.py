"""JSON out, by msgspec: the renderer of every REST answer."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer


def _plain(value: Any) -> Any:
    # Lazy translations and DRF's ErrorDetail are strings in disguise; dict and list subclasses are DRF's own.
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number")


class FastJSONRenderer(JSONRenderer):
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else _encoder.encode(data)
