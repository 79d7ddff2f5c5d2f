from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pilots", "0003_default_set_by")]

    operations = [
        migrations.AddField(
            model_name="rolledback",
            name="listed_id",
            field=models.UUIDField(help_text="The id of its row of the list", null=True),
        ),
    ]
