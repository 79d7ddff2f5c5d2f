"""What agents recommended, what came of it, and what was learned from that."""

from apps.trust.models.evidence import CountedDay, GroupTally
from apps.trust.models.history import TrustDay
from apps.trust.models.learned import LearningCycle, Pattern, PatternEvent, TrustScore
from apps.trust.models.settings import KeptEvidence, TrustSettings
from apps.trust.models.tallies import DailyTally, Delta
from apps.trust.models.tracked import Buffered, Outcome, Recommendation

__all__ = [
    "Buffered",
    "CountedDay",
    "DailyTally",
    "Delta",
    "GroupTally",
    "KeptEvidence",
    "LearningCycle",
    "Outcome",
    "Pattern",
    "PatternEvent",
    "Recommendation",
    "TrustDay",
    "TrustScore",
    "TrustSettings",
]
