"""What calls whom across the apps, where neither imports the other: by name, in tables that can be read."""

# Who is told of an audit event once it is committed, in this order (apps/core/outbox.py).
EVENT_CONSUMERS = [
    "apps.core.live.push_events",
    "apps.approvals.webhooks.queue_deliveries",
    "apps.core.metrics.count_events",
    "apps.watch.folding.mark_stale",
    "apps.tuning.labelling.label_goals",
    "apps.tuning.auditing.pick_for_audit",
    "apps.trust.evaluating.on_events",
    "apps.trust.steering.on_events",
    "apps.knowledge.precedents.learn_from_events",
    "apps.drafts.incident_watch.on_events",
]
# What superusers' pages are told of whichever business they are in, by the type of its subject.
LIVE_FOR_SUPERUSERS = ["feature"]
# What happens after a person's decision, by kind of request (apps/approvals/deciding.py).
DECISION_OUTCOMES = {
    "goal": "apps.goals.outcomes.on_decision",
    "audit": "apps.tuning.auditing.on_decision",
    "thresholds": "apps.tuning.proposing.on_decision",
    "rollout": "apps.pilots.widening.on_decision",
    "step": "apps.workflows.outcomes.on_decision",
    "recommendation": "apps.trust.asking.on_decision",
    "draft": "apps.drafts.outcomes.on_decision",
}
# Who is told of the end of a workflow's run, by the type of what it was for (apps/workflows/ending.py).
RUN_OUTCOMES = {
    "goal": "apps.goals.carrying.on_run_ended",
}
# The page of what a request is about, by kind of request.
SUBJECT_PAGES = {
    "goal": "admin:goals_goal_change",
    "audit": "admin:goal",
    "rollout": "admin:feature-of-id",
    "step": "admin:run-of-step",
}
# What an edited payload must pass again before it may be approved, by kind of request.
EDIT_CHECKS = {
    "goal": "apps.goals.submission.recheck_edit",
    "audit": "apps.tuning.auditing.refuse_edit",
    "thresholds": "apps.tuning.proposing.refuse_edit",
    "rollout": "apps.pilots.widening.refuse_edit",
    "step": "apps.workflows.asking.recheck_edit",
    "recommendation": "apps.trust.asking.recheck_edit",
    "draft": "apps.drafts.rechecking.recheck_edit",
}
# What refuses an approval of a payload as it is, by kind of request: called before each one, it raises.
APPROVAL_CHECKS = {"draft": "apps.drafts.rechecking.may_approve"}
# What the queue shows in place of the bare payload, by kind of request, and the files its page loads for them.
REQUEST_PANES = {
    "draft": "apps.drafts.panes.pane_of",
}
PANE_ASSETS = {"styles": ["gatehouse/drafts.css"], "scripts": ["gatehouse/drafts.js"]}
# Who knows what people decided before on requests like one: called with it by the queue's pages, after the item.
PRECEDENTS = "apps.knowledge.precedents.precedents_of"
