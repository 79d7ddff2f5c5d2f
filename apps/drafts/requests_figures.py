"""RULE: the bodies of requests about backfills."""

from typing import Annotated

from msgspec import Meta, Struct


class BackfillIn(Struct, forbid_unknown_fields=True):
    """The body of POST /v1/drafts/backfills."""

    days: Annotated[int, Meta(ge=1, le=3650)] = 90
    per_second: Annotated[float, Meta(gt=0, le=10_000)] = 50.0
