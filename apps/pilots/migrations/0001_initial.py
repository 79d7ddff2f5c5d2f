import apps.core.ids
import apps.pilots.kinds
import apps.pilots.ladder
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_gate_scope'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BusinessSettings',
            fields=[
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='pilot_settings', serialize=False, to='accounts.business')),
                ('email_rag_enabled', models.BooleanField(default=False, help_text='Past replies are looked up for drafts')),
                ('email_snippets_enabled', models.BooleanField(default=False, help_text='Snippets are looked up for drafts')),
                ('email_rag_min_confidence', models.FloatField(default=0.7, help_text='0 to 1: replies less alike are left out')),
                ('email_rag_max_examples', models.PositiveSmallIntegerField(default=3, help_text='0 to 10 replies')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('updated_by', models.CharField(blank=True, max_length=120)),
            ],
            options={
                'verbose_name_plural': 'business settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('email_rag_min_confidence__gte', 0), ('email_rag_min_confidence__lte', 1)), name='email_rag_min_confidence_range'), models.CheckConstraint(condition=models.Q(('email_rag_max_examples__gte', 0), ('email_rag_max_examples__lte', 10)), name='email_rag_max_examples_range')],
            },
        ),
        migrations.CreateModel(
            name='Feature',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(choices=[('boolean', 'boolean'), ('string', 'string'), ('number', 'number'), ('object', 'object')], default=apps.pilots.kinds.Kind['BOOLEAN'], max_length=10)),
                ('variants', models.JSONField(help_text='Values by name')),
                ('on_variant', models.CharField(default='on', help_text='What the rollout brings', max_length=40)),
                ('off_variant', models.CharField(default='off', help_text='What everybody has without it', max_length=40)),
                ('default_variant', models.CharField(blank=True, help_text="For who is neither listed nor within the share; empty: the environment's", max_length=40)),
                ('description', models.CharField(blank=True, max_length=500)),
                ('permanent', models.BooleanField(default=False, help_text='A switch that stays: never reported as stale')),
                ('self_service', models.BooleanField(default=False, help_text="A business's own admins may switch it for themselves")),
                ('exposed', models.BooleanField(default=False, help_text="Programs of every business may ask for it, not the home's")),
                ('stage', models.PositiveSmallIntegerField(default=0, help_text='The step of the ladder it stands on; 0: not begun')),
                ('stage_since', models.DateTimeField(help_text='When it came to this stage', null=True)),
                ('share', models.PositiveSmallIntegerField(default=0, help_text='Percent that have it by the sticky hash')),
                ('auto_advance', models.BooleanField(default=False, help_text='Ask for the next stage as soon as its criteria are met')),
                ('version', models.UUIDField(default=apps.core.ids.new_id, help_text='Another one after every change')),
                ('last_evaluated_at', models.DateTimeField(help_text='To about a minute', null=True)),
                ('changed_at', models.DateTimeField(auto_now_add=True)),
                ('changed_by', models.CharField(blank=True, max_length=120)),
                ('archived_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('home', models.ForeignKey(blank=True, help_text='The business whose admins run the rollout, for all businesses, and whose queue decides it', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.business')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='Advance',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('from_stage', models.PositiveSmallIntegerField()),
                ('to_stage', models.PositiveSmallIntegerField()),
                ('from_share', models.PositiveSmallIntegerField()),
                ('to_share', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('asked', 'asked'), ('scheduled', 'scheduled'), ('done', 'done'), ('refused', 'refused'), ('blocked', 'blocked'), ('cancelled', 'cancelled')], max_length=10)),
                ('asked_by', models.CharField(max_length=120)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(help_text='Not before; empty: as soon as it is approved', null=True)),
                ('override_reason', models.CharField(blank=True, help_text='Why an owner went past the criteria', max_length=500)),
                ('measured', models.JSONField(default=list, help_text='The criteria as they stood when it was asked for')),
                ('request_id', models.UUIDField(help_text='The ApprovalRequest of the queue', null=True)),
                ('decided_by', models.CharField(blank=True, max_length=120)),
                ('done_at', models.DateTimeField(null=True)),
                ('ended_because', models.CharField(blank=True, max_length=500)),
                ('feature', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='advances', to='pilots.feature')),
            ],
            options={
                'ordering': ['-asked_at'],
            },
        ),
        migrations.CreateModel(
            name='Guard',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('metric', models.CharField(help_text='A name of settings.PILOT_METRICS', max_length=60)),
                ('comparison', models.CharField(choices=[('at_least', 'at_least'), ('at_most', 'at_most')], help_text='The healthy side of the limit', max_length=10)),
                ('limit', models.FloatField(help_text='A value of the metric; relative: of the baseline, 0.8 for a fifth less')),
                ('relative', models.BooleanField(default=False, help_text='The limit is a share of the baseline')),
                ('baseline', models.FloatField(help_text='As it was measured when the guard was armed', null=True)),
                ('baseline_n', models.PositiveIntegerField(help_text='From so many observations', null=True)),
                ('level', models.CharField(choices=[('business', 'business'), ('cohort', 'cohort'), ('everything', 'everything')], default=apps.pilots.ladder.Level['EVERYTHING'], max_length=10)),
                ('alpha', models.FloatField(default=0.01, help_text='Chance of a false alarm, however often it is looked at')),
                ('minimum', models.PositiveIntegerField(default=30, help_text='Fewest observations it may act on')),
                ('cooldown_minutes', models.PositiveIntegerField(default=60, help_text='Quiet after it has acted')),
                ('enabled', models.BooleanField(default=True)),
                ('armed_at', models.DateTimeField(help_text='Evidence is gathered from here on')),
                ('cooling_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('feature', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='guards', to='pilots.feature')),
            ],
            options={
                'ordering': ['feature', 'created_at'],
            },
        ),
        migrations.CreateModel(
            name='GuardReading',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('n', models.PositiveIntegerField()),
                ('hits', models.FloatField(null=True)),
                ('value', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('evidence', models.FloatField(help_text='Natural logarithm of the e-value', null=True)),
                ('verdict', models.CharField(max_length=20)),
                ('guard', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='pilots.guard')),
            ],
            options={
                'ordering': ['guard', 'at'],
            },
        ),
        migrations.CreateModel(
            name='PilotBusiness',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('enabled_at', models.DateTimeField()),
                ('enabled_by', models.CharField(max_length=120)),
                ('notes', models.CharField(blank=True, max_length=500)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pilots', to='accounts.business')),
                ('feature', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pilots', to='pilots.feature')),
            ],
            options={
                'verbose_name': 'pilot business',
                'verbose_name_plural': 'pilot businesses',
                'ordering': ['enabled_at'],
            },
        ),
        migrations.CreateModel(
            name='Rollback',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('business', 'business'), ('cohort', 'cohort'), ('everything', 'everything')], max_length=10)),
                ('cohort_from', models.DateTimeField(help_text='Enabled at or after', null=True)),
                ('cohort_to', models.DateTimeField(help_text='Enabled before', null=True)),
                ('reason', models.CharField(max_length=500)),
                ('actor', models.CharField(max_length=120)),
                ('rehearsal', models.BooleanField(default=False, help_text='Nothing was changed')),
                ('at', models.DateTimeField()),
                ('affected', models.PositiveIntegerField(help_text='Businesses that had it and have it no more')),
                ('before', models.JSONField(default=dict, help_text='What undo puts back on the feature itself')),
                ('after', models.JSONField(default=dict, help_text='What undo expects to find there')),
                ('took_ms', models.FloatField(help_text='In the database, in milliseconds')),
                ('effect_ms', models.FloatField(help_text='Until the last process had heard of it, in milliseconds', null=True)),
                ('processes', models.PositiveIntegerField(help_text='Processes that have heard of it', null=True)),
                ('unheard', models.PositiveIntegerField(help_text='Processes that had not within the time; they poll', null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_by', models.CharField(blank=True, max_length=120)),
                ('undone_reason', models.CharField(blank=True, max_length=500)),
                ('feature', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rollbacks', to='pilots.feature')),
                ('target', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.business')),
            ],
            options={
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('business', 'business'), ('cohort', 'cohort'), ('everything', 'everything')], max_length=10)),
                ('metric', models.CharField(max_length=60)),
                ('figures', models.JSONField(help_text='value, n, limit, evidence, alpha and what else the guard knew')),
                ('opened_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_by', models.CharField(blank=True, max_length=120)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, max_length=120)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('feature', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='pilots.feature')),
                ('guard', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='incidents', to='pilots.guard')),
                ('rollback', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='incidents', to='pilots.rollback')),
            ],
            options={
                'ordering': ['-opened_at'],
            },
        ),
        migrations.CreateModel(
            name='HeldBack',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('held_at', models.DateTimeField()),
                ('held_by', models.CharField(max_length=120)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='held_back', to='accounts.business')),
                ('feature', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='held_back', to='pilots.feature')),
                ('rollback', models.ForeignKey(help_text='That caused it', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='held_back', to='pilots.rollback')),
            ],
            options={
                'verbose_name_plural': 'held back',
                'ordering': ['held_at'],
            },
        ),
        migrations.CreateModel(
            name='RolledBack',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('was_listed', models.BooleanField()),
                ('enabled_at', models.DateTimeField(null=True)),
                ('enabled_by', models.CharField(blank=True, max_length=120)),
                ('notes', models.CharField(blank=True, max_length=500)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('rollback', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='businesses', to='pilots.rollback')),
            ],
            options={
                'verbose_name_plural': 'rolled back',
            },
        ),
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(help_text='From 1')),
                ('name', models.CharField(max_length=60)),
                ('kind', models.CharField(choices=[('allowlist', 'allowlist'), ('percentage', 'percentage')], max_length=10)),
                ('businesses_min', models.PositiveSmallIntegerField(default=0, help_text='On the list before it may be left')),
                ('businesses_max', models.PositiveSmallIntegerField(blank=True, help_text='Most on the list; allowlist', null=True)),
                ('share', models.PositiveSmallIntegerField(default=0, help_text='Percent; percentage')),
                ('baseline', models.BooleanField(default=False, help_text='Listed but not served: measured only')),
                ('soak_hours', models.PositiveIntegerField(default=0, help_text='How long the stage before must have lasted')),
                ('feature', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='stages', to='pilots.feature')),
            ],
            options={
                'ordering': ['feature', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Criterion',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('metric', models.CharField(help_text='A name of settings.PILOT_METRICS', max_length=60)),
                ('comparison', models.CharField(choices=[('at_least', 'at_least'), ('at_most', 'at_most')], max_length=10)),
                ('limit', models.FloatField()),
                ('window_hours', models.PositiveIntegerField(help_text='Measured over the last so many hours')),
                ('minimum', models.PositiveIntegerField(help_text='Fewest observations it may be judged by')),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='pilots.stage')),
            ],
            options={
                'verbose_name_plural': 'criteria',
                'ordering': ['stage', 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='feature',
            constraint=models.CheckConstraint(condition=models.Q(('share__lte', 100)), name='feature_share'),
        ),
        migrations.AddConstraint(
            model_name='feature',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['boolean', 'string', 'number', 'object'])), name='feature_kind'),
        ),
        migrations.AddIndex(
            model_name='advance',
            index=models.Index(fields=['feature', '-asked_at'], name='advance_newest'),
        ),
        migrations.AddConstraint(
            model_name='advance',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', [apps.pilots.ladder.AdvanceState['ASKED'], apps.pilots.ladder.AdvanceState['SCHEDULED']])), fields=('feature',), name='advance_open_once'),
        ),
        migrations.AddConstraint(
            model_name='guard',
            constraint=models.CheckConstraint(condition=models.Q(('alpha__gt', 0), ('alpha__lt', 1)), name='guard_alpha'),
        ),
        migrations.AddConstraint(
            model_name='guard',
            constraint=models.CheckConstraint(condition=models.Q(('minimum__gte', 1)), name='guard_minimum'),
        ),
        migrations.AddIndex(
            model_name='guardreading',
            index=models.Index(fields=['guard', '-at'], name='guard_reading_newest'),
        ),
        migrations.AddIndex(
            model_name='pilotbusiness',
            index=models.Index(fields=['feature', 'enabled_at'], name='pilot_business_cohort'),
        ),
        migrations.AddConstraint(
            model_name='pilotbusiness',
            constraint=models.UniqueConstraint(fields=('business', 'feature'), name='pilot_business_once'),
        ),
        migrations.AddIndex(
            model_name='rollback',
            index=models.Index(fields=['feature', '-at'], name='rollback_newest'),
        ),
        migrations.AddConstraint(
            model_name='rollback',
            constraint=models.CheckConstraint(condition=models.Q(('cohort_from', None), ('cohort_to', None), ('cohort_from__lt', models.F('cohort_to')), _connector='OR'), name='rollback_cohort'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['feature', '-opened_at'], name='incident_newest'),
        ),
        migrations.AddIndex(
            model_name='heldback',
            index=models.Index(fields=['feature'], name='held_back_by_feature'),
        ),
        migrations.AddConstraint(
            model_name='heldback',
            constraint=models.UniqueConstraint(fields=('business', 'feature'), name='held_back_once'),
        ),
        migrations.AddConstraint(
            model_name='rolledback',
            constraint=models.UniqueConstraint(fields=('rollback', 'business'), name='rolled_back_once'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.UniqueConstraint(fields=('feature', 'position'), name='stage_once'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.CheckConstraint(condition=models.Q(('position__gte', 1), ('share__lte', 100)), name='stage_range'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.CheckConstraint(condition=models.Q(('businesses_max', None), ('businesses_max__gte', models.F('businesses_min')), _connector='OR'), name='stage_businesses'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('minimum__gte', 1), ('window_hours__gte', 1)), name='criterion_range'),
        ),
    ]
