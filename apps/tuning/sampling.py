"""RULE: which goals that ran alone are looked at afterwards: a random share, the same ones however often one asks."""

import hashlib
from uuid import UUID

DEFAULT_SHARE = 0.05


def is_picked(goal_id: UUID, share: float) -> bool:
    """Whether this goal is in the share, 0 to 1. A goal picked at a share is picked at every larger one."""
    return luck_of(goal_id) < share


def luck_of(goal_id: UUID) -> float:
    """A number in [0, 1) that the goal keeps, spread evenly and tied to nothing that is known of the goal."""
    digest = hashlib.sha256(b"audit:" + goal_id.bytes).digest()
    return int.from_bytes(digest[:8]) / 2**64
