import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_knowledge_and_draft_scopes'),
        ('llm', '0002_row_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('provider_id', models.UUIDField(db_index=True)),
                ('turn', models.UUIDField(default=apps.core.ids.new_id)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('running', 'running'), ('passed', 'passed'), ('failed', 'failed')], max_length=8)),
                ('words', models.CharField(blank=True, max_length=400)),
                ('asked_by', models.CharField(max_length=120)),
                ('asked_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'provider_id'), name='trial_once')],
            },
        ),
        RowSecurity("llm_trial"),
    ]
