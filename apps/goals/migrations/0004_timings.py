import apps.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from apps.core.migration_ops import RowSecurity

# Goals from before: the outcomes of their checks stand in their JSON (apps/goals/marks.py says how they are packed).
FILL = """
UPDATE goals_goal SET check_marks = (
  SELECT coalesce(sum(
    CASE c->>'status' WHEN 'warn' THEN 1 WHEN 'fail' THEN 2 ELSE 0 END
    << 2 * (array_position(ARRAY['well_formed', 'tools_available', 'required_context', 'no_contradiction', 'in_scope',
                                 'complexity'], c->>'check') - 1)), 0)
  FROM jsonb_array_elements(checks->'checks') c
)
WHERE checks ? 'checks'
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_row_security"), ("goals", "0003_calibration")]

    operations = [
        migrations.AddField("goal", "check_marks", models.PositiveSmallIntegerField(help_text="The checks' outcomes (apps/goals/marks.py)", null=True)),
        migrations.AddField(
            "goal",
            "timings",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(null=True),
                help_text="Microseconds of each stage (apps/goals/timing.py)",
                null=True,
                size=None,
            ),
        ),
        migrations.AddField("goal", "is_trial", models.BooleanField(default=False, help_text="Made up to try the gate; no figure counts it")),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="GateError",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("stage", models.CharField(max_length=10)),
                ("error", models.CharField(max_length=80)),
                ("business", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.business")),
            ],
            options={
                "ordering": ["-at"],
                "indexes": [models.Index(fields=["business", "-at"], name="gate_error_newest")],
            },
        ),
        RowSecurity("goals_gateerror", unowned=True),
    ]
