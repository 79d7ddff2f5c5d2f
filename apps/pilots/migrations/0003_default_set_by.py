from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pilots", "0002_row_security")]

    operations = [
        migrations.AddField("feature", "default_since", models.DateTimeField(help_text="When the default was set", null=True)),
        migrations.AddField("feature", "default_by", models.CharField(blank=True, default="", help_text="By whom", max_length=120)),
    ]
