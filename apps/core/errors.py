"""What can go wrong on purpose: each error knows its HTTP status and the words a caller reads."""

from typing import Any


class GatehouseError(Exception):
    """Base of the errors an act raises. `extra` is added to the problem document as it is."""

    status = 400
    slug = "error"
    title = "The request could not be carried out"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra


class Invalid(GatehouseError):
    """A value is wrong. `errors` is a list of {field, reason}; field is a dotted path, "" for the whole body."""

    status = 422
    slug = "invalid"
    title = "Some values are not acceptable"

    def __init__(self, field: str = "", reason: str = "", *, errors: list[dict[str, str]] | None = None) -> None:
        self.errors = errors or [{"field": field, "reason": reason}]
        super().__init__("; ".join(f"{e['field']}: {e['reason']}" if e["field"] else e["reason"] for e in self.errors))
        self.extra = {"errors": self.errors}


class Malformed(GatehouseError):
    status = 400
    slug = "malformed"
    title = "The body could not be read"


class NotAllowed(GatehouseError):
    status = 403
    slug = "not-allowed"
    title = "You may not do this"


class NotFound(GatehouseError):
    status = 404
    slug = "not-found"
    title = "There is nothing here by that name"


class StaleState(GatehouseError):
    """The row was not in a state from which this change is allowed: somebody else was first, or it is over."""

    status = 409
    slug = "stale-state"
    title = "This has already moved on"


class InFlight(GatehouseError):
    status = 409
    slug = "in-flight"
    title = "A request with this Idempotency-Key is still being carried out"


class KeyReused(GatehouseError):
    status = 422
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key was used before with another body"


class TooMany(GatehouseError):
    """A limit is used up. `retry_after` in whole seconds."""

    status = 429
    slug = "too-many-requests"
    title = "The limit of this key is used up"

    def __init__(self, detail: str = "", *, retry_after: int, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after
