"""The rows of one business, or those that belong to none."""

from contextlib import AbstractContextManager
from uuid import UUID

from apps.accounts.row_access import across_businesses, acting_for


def reach(business_id: UUID | None) -> AbstractContextManager[None]:
    """A transaction in which this business's rows may be read and written; None: the installation's own."""
    return across_businesses() if business_id is None else acting_for(business_id)
