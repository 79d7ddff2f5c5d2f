import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.migration_ops import RowSecurity

# Every process keeps the curves of all businesses in memory, as it does the switches (0002_row_security).
FUNCTION = """
CREATE FUNCTION goals_all_curves() RETURNS TABLE (business_id uuid, kind varchar, version uuid, points jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT c.business_id, c.kind, c.version, c.points FROM goals_gatecurve c $$;
"""
DROP = "DROP FUNCTION goals_all_curves();"

# Goals from before: no curve stood between their weighted sum and their confidence. Two-level confidence has one
# factor only and no sum. Where a check failed it decided; else weak checks say what being unsure would have led to.
FILL = """
UPDATE goals_goal SET
  raw_confidence = CASE WHEN jsonb_array_length(factors) > 1 THEN confidence END,
  unsure_path = CASE
    WHEN checks @? '$.checks[*] ? (@.status == "fail")' THEN ''
    WHEN checks @? '$.checks[*] ? (@.status != "pass")' AND NOT checks @?
      '$.checks[*] ? (@.status != "pass" && @.check like_regex "^(well_formed|required_context|no_contradiction|complexity)$")'
      THEN 'rejected'
    ELSE 'clarification'
  END
WHERE confidence IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_row_security"), ("goals", "0002_row_security")]

    operations = [
        migrations.AddField("goal", "kind", models.CharField(blank=True, default="", help_text="The tool that fits best, else the agent", max_length=64)),
        migrations.AddField("goal", "raw_confidence", models.FloatField(help_text="Before calibration; empty when confidence was not graded", null=True)),
        migrations.AddField("goal", "curve_version", models.UUIDField(help_text="The curve that calibrated it; empty for the shipped one", null=True)),
        migrations.AddField("goal", "unsure_path", models.CharField(blank=True, default="", help_text="Its path below the thresholds; empty when a check decided", max_length=15)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            "goal",
            models.Index(
                fields=["business", "created_at"],
                include=["kind", "raw_confidence", "unsure_path", "execution_path"],
                name="goal_judged",
                condition=models.Q(raw_confidence__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "goal",
            models.CheckConstraint(
                condition=models.Q(raw_confidence=None) | models.Q(raw_confidence__gte=0, raw_confidence__lte=1),
                name="goal_raw_confidence",
            ),
        ),
        migrations.CreateModel(
            name="GateCurve",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(blank=True, help_text="A goal's kind; empty: every kind without its own", max_length=64)),
                ("version", models.UUIDField(help_text="Goals judged by it carry this")),
                ("points", models.JSONField(help_text="[[raw, calibrated], ...]")),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("business", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="gate_curves", to="accounts.business")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("business", "kind"), name="gate_curve_once")]},
        ),
        RowSecurity("goals_gatecurve"),
        migrations.RunSQL(FUNCTION, DROP),
    ]
