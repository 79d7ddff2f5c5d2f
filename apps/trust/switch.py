"""ACT: whether a business learns. Off, nothing is tracked or learned, trust steers nothing, and all else goes on."""

from uuid import UUID

from django.conf import settings

from apps.pilots.flags import features

FEATURE = "LEARNING_ENABLED"


def is_learning(business_id: UUID) -> bool:
    """Whether this business has the feature LEARNING_ENABLED. From memory, no query."""
    flag = features().flags.get(FEATURE)
    if flag is None:
        # Where the row of the feature is missing, it stands as the environment has it.
        return settings.FEATURE_DEFAULTS.get(FEATURE) == "on"
    return flag.answer(str(business_id)).on
