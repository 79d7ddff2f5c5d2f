from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_agent_scopes'),
        ('trust', '0007_day_statistics'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='outcome',
            index=models.Index(fields=['business', '-id'], name='outcome_last_told'),
        ),
    ]
