"""ACT: hold a feature while it is changed, make its version another, and tell the audit trails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.row_access import across_businesses
from apps.core.errors import NotFound, StaleState
from apps.core.events import record
from apps.core.hearing import Announcement
from apps.core.ids import new_id
from apps.pilots.flags import features_changed
from apps.pilots.models import Feature

SUBJECT = "feature"


@contextmanager
def holding(feature_id: UUID, *, archived_too: bool = False) -> Iterator[Feature]:
    """A transaction across businesses in which nobody else changes this feature; yields it as it is now.

    Raises NotFound, StaleState when it is archived.
    """
    with across_businesses():
        feature = Feature.objects.select_for_update(of=("self",)).filter(pk=feature_id).first()
        if feature is None:
            raise NotFound
        if feature.archived_at and not archived_too:
            raise StaleState("This feature is archived")
        yield feature


def change(feature: Feature, *, actor: str, **columns: Any) -> Announcement:
    """Set columns of a feature that is held, and let every process see it after commit.

    Call it without columns when what changed are its lists or stages: whoever keeps the feature in memory goes by the
    version.
    """
    now = timezone.now()
    if columns.get("default_variant", feature.default_variant) != feature.default_variant:
        columns = {"default_since": now, "default_by": actor[:120], **columns}
    columns |= {"version": new_id(), "changed_at": now, "changed_by": actor[:120]}
    Feature.objects.filter(pk=feature.pk).update(**columns)
    for name, value in columns.items():
        setattr(feature, name, value)
    return features_changed()


def tell(feature: Feature, kind: str, actor: str, *, business_id: UUID | None = None, **data: Any) -> None:
    """Write what happened into the trail of the feature's home, and into that of the business it is about."""
    homes = [feature.home_id, business_id] if business_id and business_id != feature.home_id else [feature.home_id]
    about = {"business": str(business_id)} if business_id else {}
    for home in homes:
        record(
            kind=f"feature.{kind}",
            subject_type=SUBJECT,
            subject_id=feature.pk,
            business_id=home,
            actor=actor,
            feature=feature.key,
            **about,
            **data,
        )
