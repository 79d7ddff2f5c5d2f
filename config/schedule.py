"""What runs by the clock: (name, task, every how many seconds). Seeded once into the schedule that admins edit."""

SCHEDULE: list[tuple[str, str, int]] = [
    ("Drain the outbox", "apps.core.tasks.drain_outbox", 2),
    ("Sweep goals: lost messages, killed workers, due retries", "apps.goals.tasks.sweep_goals", 5),
    ("Sweep approvals: reminders, escalations, deadlines", "apps.approvals.tasks.sweep_requests", 10),
    ("Deliver webhooks that are due", "apps.approvals.tasks.deliver_due_webhooks", 5),
    ("Forget answers kept for repeated requests", "apps.core.tasks.forget_kept_answers", 3600),
    ("Forget webhook deliveries that ended a month ago", "apps.approvals.tasks.forget_deliveries", 24 * 3600),
]
