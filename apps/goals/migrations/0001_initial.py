import apps.core.ids
import apps.goals.states
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_row_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='GateSettings',
            fields=[
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='gate_settings', serialize=False, to='accounts.business')),
                ('high', models.FloatField(help_text='At and above: execute now')),
                ('medium', models.FloatField(help_text='At and above: ask for approval; below: clarify or reject')),
                ('clarification_rounds', models.PositiveSmallIntegerField(default=3)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name_plural': 'gate settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('high__lte', 1), ('medium__gte', 0), ('medium__lt', models.F('high'))), name='gate_thresholds'), models.CheckConstraint(condition=models.Q(('clarification_rounds__lte', 10)), name='gate_rounds')],
            },
        ),
        migrations.CreateModel(
            name='Goal',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('text', models.TextField(max_length=20000)),
                ('context', models.JSONField(blank=True, default=dict)),
                ('history', models.JSONField(blank=True, default=list, help_text='Earlier turns of the same conversation')),
                ('tools', models.JSONField(blank=True, default=list, help_text='OpenAI function format')),
                ('agent_key', models.CharField(blank=True, max_length=60)),
                ('own_confidence', models.FloatField(blank=True, null=True)),
                ('deadline', models.DateTimeField(blank=True, null=True)),
                ('callback_url', models.URLField(blank=True, max_length=500)),
                ('submitted_by', models.CharField(max_length=120)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('asking', 'asking'), ('ready', 'ready'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('rejected', 'rejected'), ('expired', 'expired'), ('cancelled', 'cancelled')], max_length=10)),
                ('approval_state', models.CharField(choices=[('not_required', 'not_required'), ('awaiting_approval', 'awaiting_approval'), ('approved', 'approved'), ('rejected', 'rejected'), ('expired', 'expired'), ('cancelled', 'cancelled')], max_length=20)),
                ('execution_path', models.CharField(blank=True, max_length=15)),
                ('confidence', models.FloatField(null=True)),
                ('factors', models.JSONField(default=list)),
                ('checks', models.JSONField(default=dict)),
                ('reasons', models.JSONField(default=list)),
                ('questions', models.JSONField(default=list)),
                ('rounds', models.PositiveSmallIntegerField(default=0, help_text='Clarification rounds used')),
                ('request_id', models.UUIDField(help_text='The ApprovalRequest of the queue', null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('run_after', models.DateTimeField(help_text='When a worker may take it, or the lease of the one that has it', null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('result', models.JSONField(null=True)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('callback_state', models.CharField(choices=[('none', 'none'), ('pending', 'pending'), ('delivered', 'delivered'), ('failed', 'failed')], default=apps.goals.states.CallbackState['NONE'], max_length=10)),
                ('callback_attempts', models.PositiveSmallIntegerField(default=0)),
                ('callback_after', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='goals', to='accounts.business')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['business', '-id'], name='goal_newest'), models.Index(fields=['business', 'state', '-id'], name='goal_by_state'), models.Index(condition=models.Q(('state__in', ['ready', 'running'])), fields=['run_after'], name='goal_unfinished'), models.Index(condition=models.Q(('callback_state', 'pending')), fields=['callback_after'], name='goal_callback_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'asking', 'ready', 'running', 'done', 'failed', 'rejected', 'expired', 'cancelled'])), name='goal_state'), models.CheckConstraint(condition=models.Q(('approval_state__in', ['not_required', 'awaiting_approval', 'approved', 'rejected', 'expired', 'cancelled'])), name='goal_approval_state'), models.CheckConstraint(condition=models.Q(('confidence', None), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='goal_confidence'), models.CheckConstraint(condition=models.Q(('own_confidence', None), models.Q(('own_confidence__gte', 0), ('own_confidence__lte', 1)), _connector='OR'), name='goal_own_confidence')],
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(choices=[('PHASE2_ENABLED', 'PHASE2_ENABLED'), ('PHASE2_PRE_VALIDATION_ENABLED', 'PHASE2_PRE_VALIDATION_ENABLED'), ('PHASE2_APPROVAL_GATES_ENABLED', 'PHASE2_APPROVAL_GATES_ENABLED'), ('PHASE2_CLARIFICATION_ENABLED', 'PHASE2_CLARIFICATION_ENABLED'), ('PHASE2_GRADED_CONFIDENCE_ENABLED', 'PHASE2_GRADED_CONFIDENCE_ENABLED')], max_length=60)),
                ('on', models.BooleanField()),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('updated_by', models.CharField(blank=True, editable=False, max_length=120)),
                ('business', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='switches', to='accounts.business')),
            ],
            options={
                'verbose_name_plural': 'switches',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('name', 'business'), name='switch_once', nulls_distinct=False)],
            },
        ),
    ]
