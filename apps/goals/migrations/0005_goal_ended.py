from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("goals", "0004_timings")]

    operations = [
        migrations.AddIndex(
            "goal",
            models.Index(
                condition=models.Q(("is_trial", False), ("state__in", ["done", "failed"])),
                fields=["business", "finished_at"],
                include=["state", "started_at"],
                name="goal_ended",
            ),
        ),
    ]
