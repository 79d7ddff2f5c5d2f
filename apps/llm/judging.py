"""A model provider as judge of the six checks (see apps/goals/judgement.py for how far its opinion counts)."""
