"""Features and who has them; how far a rollout is; what watches it; a business's own settings of its powers."""

from apps.pilots.models.feature import Feature, HeldBack, PilotBusiness
from apps.pilots.models.guard import Guard, GuardReading, Incident
from apps.pilots.models.rollout import Advance, Criterion, Rollback, RolledBack, Stage
from apps.pilots.models.settings import BusinessSettings

__all__ = [
    "Advance",
    "BusinessSettings",
    "Criterion",
    "Feature",
    "Guard",
    "GuardReading",
    "HeldBack",
    "Incident",
    "PilotBusiness",
    "Rollback",
    "RolledBack",
    "Stage",
]
