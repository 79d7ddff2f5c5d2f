"""Mails about alerts go out through apps.alerts. One that was still to be sent becomes a notice, and is sent there."""

from django.db import migrations


def hand_over(apps, schema_editor):
    alerts = apps.get_model("watch", "Alert").objects.filter(closed_at=None, mail_after__isnull=False)
    for alert in alerts.order_by("id"):
        # There is one already where this migration was taken back before.
        notice, _ = apps.get_model("alerts", "Notice").objects.get_or_create(
            business_id=alert.business_id,
            dedup_key=f"watch:{alert.figure}",
            resolved_at=None,
            defaults={
                "source": "watch",
                "severity": "warning",
                "title": f"{alert.figure.replace('_', ' ').capitalize()} out of band",
                "facts": [
                    {"name": "Measured", "value": f"{alert.value:.4g} ({alert.low:.4g} to {alert.high:.4g})"},
                    {"name": "Band", "value": f"{_bound(alert.band_low)} to {_bound(alert.band_high)}"},
                    {"name": "Goals", "value": f"{alert.n} in the last {alert.window_minutes} minutes"},
                ],
                "link": "/admin/watch/",
                "opened_at": alert.opened_at,
            },
        )
        apps.get_model("alerts", "Delivery").objects.update_or_create(
            notice=notice,
            channel=None,
            action="trigger",
            defaults={
                "business_id": alert.business_id,
                "state": "pending",
                "attempts": 0,
                "next_attempt_at": alert.mail_after,
                "last_error": "",
            },
        )


def take_back(apps, schema_editor):
    """What apps.alerts has not mailed yet is mailed by Watch again, and not by both."""
    deliveries = apps.get_model("alerts", "Delivery").objects.filter(
        channel=None, action="trigger", state="pending", notice__source="watch", notice__resolved_at=None
    )
    for delivery in deliveries.select_related("notice"):
        alerts = apps.get_model("watch", "Alert").objects.filter(
            business_id=delivery.business_id, figure=delivery.notice.dedup_key.removeprefix("watch:"), closed_at=None
        )
        alerts.update(mail_after=delivery.next_attempt_at)
    deliveries.update(state="withdrawn", last_error="Mailed by Watch itself")


def _bound(value):
    return "open" if value is None else f"{value:g}"


class Migration(migrations.Migration):
    dependencies = [("watch", "0002_row_security"), ("alerts", "0002_row_security")]

    operations = [
        migrations.RunPython(hand_over, take_back),
        migrations.RemoveIndex("alert", "alert_mail_due"),
        migrations.RemoveField("alert", "mail_after"),
        migrations.RemoveField("alert", "mail_attempts"),
    ]
