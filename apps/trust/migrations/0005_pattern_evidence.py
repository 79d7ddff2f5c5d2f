import apps.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_agent_scopes"),
        ("agents", "0003_kinds"),
        ("trust", "0004_trust_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedDay",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                ("counted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        migrations.CreateModel(
            name="GroupTally",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("consensus", "Consensus"),
                            ("expert", "Expert"),
                            ("high_confidence", "High Confidence"),
                        ],
                        max_length=20,
                    ),
                ),
                ("type", models.CharField(max_length=40)),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "agents",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("seen", models.PositiveIntegerField(help_text="Groups, or single recommendations where each is one")),
                ("trials", models.FloatField(help_text="Sum of their weights")),
                ("successes", models.FloatField(help_text="Sum of weight x value")),
                ("squares", models.FloatField(help_text="Sum of the weights' squares")),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        migrations.AddField(
            model_name="dailytally",
            name="changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), help_text="When anything was last added to it"
            ),
        ),
        migrations.AddField(
            model_name="pattern",
            name="agent_ids",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
        ),
        migrations.AddField(
            model_name="pattern",
            name="place",
            field=models.PositiveSmallIntegerField(default=0, help_text="How many agreed, or tenths of the claim"),
        ),
        migrations.AddIndex(
            model_name="recommendation",
            index=models.Index(fields=["business", "created_at"], name="recommended_made"),
        ),
        migrations.AddField(
            model_name="countedday",
            name="business",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.business"
            ),
        ),
        migrations.AddField(
            model_name="grouptally",
            name="business",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.business"
            ),
        ),
        migrations.AddConstraint(
            model_name="countedday",
            constraint=models.UniqueConstraint(fields=("business", "day"), name="counted_day_once"),
        ),
        migrations.AddConstraint(
            model_name="grouptally",
            constraint=models.UniqueConstraint(
                fields=("business", "day", "category", "type", "place", "agents"), name="group_tally_once"
            ),
        ),
        RowSecurity("trust_grouptally"),
        RowSecurity("trust_countedday"),
    ]
