from django.db import migrations, models


class Migration(migrations.Migration):
    """What is ready by agent: how claims find the next step past the backlog of an agent that has its hands full."""

    dependencies = [("workflows", "0004_waiting_steps")]

    operations = [
        migrations.AddIndex(
            model_name="step",
            index=models.Index(
                fields=["agent", "priority", "run_after", "id"], name="step_lane", condition=models.Q(("state", "ready"))
            ),
        ),
    ]
