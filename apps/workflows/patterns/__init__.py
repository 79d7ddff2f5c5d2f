"""RULE: the pattern library. Each pattern is a file of its own; what is not listed here does not exist."""

from typing import Any, cast

from apps.core.errors import NotFound
from apps.workflows.patterns.bug_fix import BugFix
from apps.workflows.patterns.code_review import CodeReview
from apps.workflows.patterns.documentation import Documentation
from apps.workflows.patterns.feature_development import FeatureDevelopment
from apps.workflows.patterns.move_creation import MoveCreation
from apps.workflows.patterns.optimization import Optimization
from apps.workflows.patterns.refactoring import Refactoring
from apps.workflows.patterns.single import Single
from apps.workflows.patterns.stages import Staged
from apps.workflows.patterns.testing import Testing
from apps.workflows.plans import Pattern

_LIBRARY: tuple[Staged[Any], ...] = (
    Single(),
    MoveCreation(),
    CodeReview(),
    Refactoring(),
    BugFix(),
    FeatureDevelopment(),
    Documentation(),
    Testing(),
    Optimization(),
)

PATTERNS: dict[str, Pattern] = {one.name: cast(Pattern, one) for one in _LIBRARY}


def pattern_of(name: str) -> Pattern:
    """The pattern of this name. Raises NotFound."""
    found = PATTERNS.get(name)
    if found is None:
        raise NotFound(f"The library has no pattern {name[:40]}")
    return found
