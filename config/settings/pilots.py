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
    "draft_success_rate": "apps.drafts.pilot_metrics.draft_success_rate",
    "verification_rate": "apps.drafts.pilot_metrics.verification_rate",
    "hallucination_count": "apps.drafts.pilot_metrics.hallucination_count",
    "rag_hit_rate": "apps.drafts.pilot_metrics.rag_hit_rate",
    "rag_latency": "apps.drafts.pilot_metrics.rag_latency",
    "token_accuracy": "apps.drafts.pilot_metrics.token_accuracy",
    "model_written_rate": "apps.drafts.pilot_metrics.model_written_rate",
    "token_error_rate": "apps.drafts.pilot_metrics.token_error_rate",
    "token_error": "apps.drafts.pilot_metrics.token_error",
    "draft_approval_rate": "apps.drafts.pilot_metrics.draft_approval_rate",
    "edit_distance": "apps.drafts.pilot_metrics.edit_distance",
    "edit_far_rate": "apps.drafts.pilot_metrics.edit_far_rate",
    "discard_rate": "apps.drafts.pilot_metrics.discard_rate",
    "retrieval_timeout_rate": "apps.drafts.pilot_metrics.retrieval_timeout_rate",
    "tool_error_rate": "apps.drafts.pilot_metrics.tool_error_rate",
    "security_incidents": "apps.drafts.pilot_metrics.security_incidents",
}
# What Gatehouse itself asks people, which says nothing about the work of agents.
PILOT_KINDS_NOT_COUNTED = ["thresholds", "audit", "rollout"]
# A feature that has been as it is, or unasked for, so long has served its time (manage.py stale_features).
FEATURE_STALE_DAYS = env.int("FEATURE_STALE_DAYS", default=30)
