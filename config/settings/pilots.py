"""Features: what they answer where nobody has said anything, and what their rollouts are measured by."""

import environ

env = environ.Env()

# The switches of the gate, and learning, have variables of their own.
_SWITCHES = {
    "PHASE2_ENABLED": env.bool("PHASE2_ENABLED", default=True),
    "PHASE2_PRE_VALIDATION_ENABLED": env.bool("PHASE2_PRE_VALIDATION_ENABLED", default=True),
    "PHASE2_APPROVAL_GATES_ENABLED": env.bool("PHASE2_APPROVAL_GATES_ENABLED", default=True),
    "PHASE2_CLARIFICATION_ENABLED": env.bool("PHASE2_CLARIFICATION_ENABLED", default=True),
    "PHASE2_GRADED_CONFIDENCE_ENABLED": env.bool("PHASE2_GRADED_CONFIDENCE_ENABLED", default=True),
    "LEARNING_ENABLED": env.bool("LEARNING_ENABLED", default=True),
}
# By key of a feature, the variant of whoever is neither listed nor within its share, where nobody has set another:
# {"NEW_DRAFTS": "on"}.
FEATURE_DEFAULTS: dict[str, str] = {
    **{name: "on" if on else "off" for name, on in _SWITCHES.items()},
    **env.json("FEATURE_DEFAULTS", default={}),
}
# What rollouts are measured by: by name, an apps.core.measures.Metric.
PILOT_METRICS = {
    "approval_rate": "apps.approvals.pilot_metrics.approval_rate",
    "edit_rate": "apps.approvals.pilot_metrics.edit_rate",
    "error_rate": "apps.goals.pilot_metrics.error_rate",
    "gate_error_rate": "apps.goals.pilot_metrics.gate_error_rate",
    "goal_latency": "apps.goals.pilot_metrics.goal_latency",
    "gate_latency": "apps.goals.pilot_metrics.gate_latency",
}
# What Gatehouse itself asks people, which says nothing about the work of agents.
PILOT_KINDS_NOT_COUNTED = ["thresholds", "audit", "rollout"]
# A feature that has been as it is, or unasked for, so long has served its time (manage.py stale_features).
FEATURE_STALE_DAYS = env.int("FEATURE_STALE_DAYS", default=30)
