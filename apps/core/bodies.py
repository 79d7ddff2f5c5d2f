"""Read a request body into a typed struct: one pass of msgspec, errors that name the field."""

import re
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from rest_framework.request import Request

from apps.core.errors import GatehouseError, Invalid, Malformed

Struct = TypeVar("Struct")

_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]+)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<field>[^`]+)`$")


class TooLarge(GatehouseError):
    status = 413
    slug = "too-large"
    title = "The body is too large"


def raw(request: Request) -> bytes:
    """The body's bytes. Raises TooLarge above DATA_UPLOAD_MAX_MEMORY_SIZE."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge(f"At most {limit} bytes are taken")
    return request._request.body


def read(request: Request, kind: type[Struct]) -> Struct:
    """The JSON body as `kind` (a msgspec.Struct). Raises TooLarge, Malformed (not JSON), Invalid (names the field)."""
    try:
        return msgspec.json.decode(raw(request) or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not JSON: {error}") from None


def _named(message: str) -> Invalid:
    match = _PATH.match(message)
    reason, path = (match["reason"], match["path"] or "") if match else (message, "")
    for pattern, words in ((_MISSING, "This field is required"), (_UNKNOWN, "There is no such field")):
        if found := pattern.match(reason):
            return Invalid(".".join(filter(None, [path, found["field"]])), words)
    return Invalid(path, reason)


def check_storable(value: Any, path: str = "") -> None:
    """Refuse what PostgreSQL's jsonb and text cannot hold: the null character, lone surrogates. Raises Invalid."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid(path, "The null character cannot be stored")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Invalid(path, "Not valid Unicode") from None
    elif isinstance(value, dict):
        for key, item in value.items():
            check_storable(key, path)
            check_storable(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_storable(item, f"{path}[{index}]")
