"""What runs by the clock. Seeded once into the schedule that admins edit."""

# (name, task, every how many seconds; or "HH:MM", once a day in UTC)
SCHEDULE: list[tuple[str, str, int | str]] = [
    ("Drain the outbox", "apps.core.tasks.drain_outbox", 2),
    ("Sweep goals: lost messages, killed workers, due retries", "apps.goals.tasks.sweep_goals", 5),
    ("Reconcile workflows: lost leases, missed barriers, ready steps", "apps.workflows.tasks.reconcile", 5),
    ("Sweep approvals: reminders, escalations, deadlines", "apps.approvals.tasks.sweep_requests", 10),
    ("Deliver webhooks that are due", "apps.approvals.tasks.deliver_due_webhooks", 5),
    ("Tell of alerts that are due", "apps.alerts.tasks.send_due_deliveries", 10),
    ("Watch the gate: alerts, hours counted", "apps.watch.tasks.watch_gate", 60),
    ("Widen rollouts: steps that are due, steps that may be asked for", "apps.pilots.tasks.advance_due", 60),
    ("Watch rollouts: guards that take a feature back", "apps.pilots.tasks.watch_guards", 30),
    ("Move tracked recommendations to their table", "apps.trust.tasks.flush_recommendations", 3),
    ("Go on with learning cycles whose process is gone", "apps.trust.tasks.resume_cycles", 60),
    ("Refresh trust with what has come since", "apps.trust.tasks.refresh_trust", 6 * 3600),
    ("Learn from everything: trust, patterns, accuracy", "apps.trust.tasks.learn_all", "02:00"),
    ("Refit the calibration of every business", "apps.tuning.tasks.refit_all", "02:30"),
    ("Forget answers kept for repeated requests", "apps.core.tasks.forget_kept_answers", 3600),
    ("Forget what guards read two weeks ago", "apps.pilots.tasks.forget_readings", 24 * 3600),
    ("Forget alerts that were over three months ago", "apps.alerts.tasks.forget_notices", 24 * 3600),
    ("Forget webhook deliveries that ended a month ago", "apps.approvals.tasks.forget_deliveries", 24 * 3600),
]
