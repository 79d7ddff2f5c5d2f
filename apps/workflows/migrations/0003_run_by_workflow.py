import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The runs of one workflow, newest first: its page and the figures of the list."""

    dependencies = [("workflows", "0002_row_security")]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="workflow",
            field=models.ForeignKey(
                db_index=False,
                help_text="None: started without one",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="runs",
                to="workflows.workflow",
            ),
        ),
        migrations.AddIndex(
            model_name="run", index=models.Index(fields=["workflow", "-id"], name="run_by_workflow")
        ),
    ]
