import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_row_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.SlugField(help_text='How callers name it in agent_id', max_length=60)),
                ('name', models.CharField(max_length=120)),
                ('description', models.CharField(blank=True, help_text='What it is for; goals far from it are out of scope', max_length=500)),
                ('url', models.URLField(max_length=500)),
                ('secret', models.TextField(editable=False, help_text='Encrypted; shown once as whsec_...')),
                ('timeout_seconds', models.PositiveSmallIntegerField(default=30)),
                ('is_demo', models.BooleanField(default=False, help_text='A built-in stand-in that only echoes')),
                ('enabled', models.BooleanField(default=True)),
                ('disabled_reason', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agents', to='accounts.business')),
            ],
            options={
                'ordering': ['key'],
                'constraints': [models.UniqueConstraint(fields=('business', 'key'), name='agent_once'), models.CheckConstraint(condition=models.Q(('timeout_seconds__gte', 1), ('timeout_seconds__lte', 280)), name='agent_timeout')],
            },
        ),
        migrations.CreateModel(
            name='Tool',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=64)),
                ('description', models.TextField(max_length=4000)),
                ('parameters', models.JSONField(default=dict, help_text='JSON Schema of an object, as in OpenAI functions')),
                ('risk', models.FloatField(default=0.3, help_text='0 only reads, 1 cannot be undone')),
                ('enabled', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tools', to='accounts.business')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('business', 'name'), name='tool_once'), models.CheckConstraint(condition=models.Q(('risk__gte', 0), ('risk__lte', 1)), name='tool_risk')],
            },
        ),
    ]
