from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('drafts', '0004_sign_in_by_oauth'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailbox',
            name='announced',
            field=models.BigIntegerField(default=0, editable=False, help_text='How often it heard of some'),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='watched_until',
            field=models.DateTimeField(editable=False, help_text='A process hears of new mail at once', null=True),
        ),
    ]
