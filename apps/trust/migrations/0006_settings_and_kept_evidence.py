import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_agent_scopes'),
        ('trust', '0005_pattern_evidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptEvidence',
            fields=[
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='accounts.business')),
                ('day', models.DateField(null=True)),
                ('cells', models.BinaryField(default=b'')),
                ('learned', models.JSONField(default=dict, help_text='apps/trust/estimation.py')),
                ('learned_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name_plural': 'kept evidence',
            },
        ),
        migrations.CreateModel(
            name='TrustSettings',
            fields=[
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='trust_settings', serialize=False, to='accounts.business')),
                ('keep_reasoning', models.BooleanField(default=False, help_text='Keep what agents say about why; off, only a digest of the content is kept')),
                ('may_disable', models.BooleanField(default=True, help_text='Agents whose trust is below 0.3 on enough evidence', verbose_name='May switch agents off')),
                ('min_evidence', models.PositiveSmallIntegerField(default=10, help_text='Recommendations that came to an end, counted as recent ones, 10 to 1000', validators=[django.core.validators.MinValueValidator(10), django.core.validators.MaxValueValidator(1000)], verbose_name='Enough evidence')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('updated_by', models.CharField(blank=True, max_length=120)),
            ],
            options={
                'verbose_name_plural': 'trust settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('min_evidence__gte', 10), ('min_evidence__lte', 1000)), name='trust_min_evidence')],
            },
        ),
        RowSecurity('trust_keptevidence'),
        RowSecurity('trust_trustsettings'),
    ]
