from django.db import migrations, models

# Goals that the former runner had in hand: their work goes to the orchestrator, under the same idempotency key.
IN_HAND = "UPDATE goals_goal SET state = 'ready', run_after = now() WHERE state = 'running'"


class Migration(migrations.Migration):
    dependencies = [
        ("goals", "0006_switches_are_features"),
        ("workflows", "0002_row_security"),
        ("trust", "0002_row_security"),
    ]

    operations = [
        migrations.AddField(
            "goal",
            "workflow_key",
            models.CharField(
                blank=True, default="", help_text="The workflow that carries it out", max_length=60
            ),
        ),
        migrations.RunSQL(IN_HAND, migrations.RunSQL.noop),
    ]
