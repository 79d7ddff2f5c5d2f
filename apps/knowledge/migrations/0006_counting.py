"""What tells which libraries have changed, and when terms were last counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0005_text_hits")]

    operations = [
        migrations.AddField(
            "library",
            "terms_of",
            models.PositiveIntegerField(default=0, help_text="Chunks, when common words were last counted"),
        ),
        migrations.AddIndex("document", models.Index(fields=["indexed_at"], name="document_indexed")),
    ]
