"""Changes of a model that fail and are told of; kept vectors that go when they are old or too many."""

from django.db import migrations, models

_STATES = ("running", "indexing", "failed", "clearing", "done", "cancelled")
_OPEN = ["running", "indexing", "failed", "clearing"]


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0008_words_by_share")]

    operations = [
        migrations.AlterField(
            "reembedding",
            "state",
            models.CharField(choices=[(s, s) for s in _STATES], default="running", max_length=10),
        ),
        migrations.AddField(
            "reembedding", "tokens", models.PositiveBigIntegerField(default=0, help_text="Of those, about")
        ),
        migrations.AddField("reembedding", "told", models.PositiveIntegerField(default=0)),
        migrations.AddField("reembedding", "told_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("reembedding", "reembedding_one_at_a_time"),
        migrations.AddConstraint(
            "reembedding",
            models.UniqueConstraint(
                condition=models.Q(state__in=_OPEN), fields=("business",), name="reembedding_one_at_a_time"
            ),
        ),
        migrations.RemoveIndex("cachedvector", "cached_vector_age"),
        migrations.AddIndex(
            "cachedvector", models.Index(fields=["business", "used_on"], name="cached_vector_oldest")
        ),
    ]
