import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_agent_scopes"),
        ("agents", "0002_row_security"),
        ("trust", "0003_learning_is_a_feature"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrustDay",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                ("overall", models.FloatField()),
                ("low", models.FloatField(help_text="Lower end of the 90 % credible interval of overall")),
                ("high", models.FloatField()),
                ("effective_n", models.FloatField()),
                ("enough", models.BooleanField()),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="agents.agent",
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.business",
                    ),
                ),
            ],
            options={
                "ordering": ["day"],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "agent", "day"), name="trust_day_once"),
                    models.CheckConstraint(
                        condition=models.Q(("high__lte", 1), ("low__gte", 0), ("low__lte", models.F("high"))),
                        name="trust_day_interval",
                    ),
                ],
            },
        ),
        RowSecurity("trust_trustday"),
    ]
