import apps.accounts.roles
import apps.approvals.states
import apps.core.ids
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_row_security'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=30)),
                ('subject_id', models.UUIDField(help_text='The goal, draft or rollout step that waits')),
                ('title', models.CharField(max_length=200)),
                ('why', models.CharField(blank=True, help_text='Why a person is asked, in one sentence', max_length=500)),
                ('requested_by', models.CharField(max_length=120)),
                ('payload', models.JSONField(help_text='Exactly what will happen on approval')),
                ('payload_schema', models.JSONField(default=dict, help_text='JSON Schema for the typed editor')),
                ('payload_hash', models.CharField(max_length=64)),
                ('version', models.PositiveIntegerField(default=1, help_text='Raised by every edit')),
                ('original', models.JSONField(help_text='The payload as it was requested, once it has been edited', null=True)),
                ('questions', models.JSONField(default=list, help_text='[{field, question, type, why}] when an answer is wanted')),
                ('confidence', models.FloatField(blank=True, null=True)),
                ('risk', models.FloatField(default=0.5, help_text='0 harmless to 1 grave')),
                ('factors', models.JSONField(default=list, help_text='[{name, score, weight, contribution, reason}]')),
                ('checks', models.JSONField(default=dict, help_text='{status, checks: [{check, status, score, reason, suggestion}]}')),
                ('state', models.CharField(choices=[('awaiting_approval', 'awaiting_approval'), ('approved', 'approved'), ('rejected', 'rejected'), ('answered', 'answered'), ('expired', 'expired'), ('cancelled', 'cancelled')], default=apps.approvals.states.State['WAITING'], max_length=20)),
                ('decider_role', models.CharField(choices=[('viewer', 'Viewer'), ('reviewer', 'Reviewer'), ('admin', 'Admin'), ('owner', 'Owner')], default=apps.accounts.roles.Role['REVIEWER'], max_length=10)),
                ('approvers_needed', models.PositiveSmallIntegerField(default=1)),
                ('requester_may_decide', models.BooleanField(default=False)),
                ('on_timeout', models.CharField(choices=[('reject', 'reject'), ('escalate', 'escalate'), ('keep', 'keep')], max_length=10)),
                ('escalate_to', models.CharField(choices=[('viewer', 'Viewer'), ('reviewer', 'Reviewer'), ('admin', 'Admin'), ('owner', 'Owner')], max_length=10)),
                ('reason_presets', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('deadline', models.DateTimeField()),
                ('remind_at', models.DateTimeField(null=True)),
                ('escalated_at', models.DateTimeField(null=True)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.CharField(blank=True, max_length=120)),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector(django.db.models.functions.text.Replace('title', models.Value('-'), models.Value(' ')), django.db.models.functions.text.Replace('why', models.Value('-'), models.Value(' ')), django.db.models.functions.text.Replace('requested_by', models.Value('-'), models.Value(' ')), config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='approval_requests', to='accounts.business')),
                ('claimed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='claims', to=settings.AUTH_USER_MODEL)),
                ('requester', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-risk', 'deadline', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('actor', models.CharField(max_length=120)),
                ('verdict', models.CharField(choices=[('approve', 'approve'), ('reject', 'reject'), ('answer', 'answer')], max_length=10)),
                ('reason', models.CharField(blank=True, help_text='A preset of the policy', max_length=80)),
                ('comment', models.TextField(blank=True, max_length=4000)),
                ('payload_hash', models.CharField(help_text='What this person saw and decided on', max_length=64)),
                ('version', models.PositiveIntegerField(default=1, help_text="The request's version decided on; an edit leaves it behind")),
                ('edited', models.BooleanField(default=False)),
                ('answers', models.JSONField(default=dict)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='approvals.approvalrequest')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['at'],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('reminder', 'Reminder'), ('escalation', 'Escalation')], max_length=10)),
                ('role', models.CharField(choices=[('viewer', 'Viewer'), ('reviewer', 'Reviewer'), ('admin', 'Admin'), ('owner', 'Owner')], help_text='Told: people of this role and above', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.approvalrequest')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(help_text='goal, draft, action, rollout; * is every kind without its own', max_length=30)),
                ('decider_role', models.CharField(choices=[('viewer', 'Viewer'), ('reviewer', 'Reviewer'), ('admin', 'Admin'), ('owner', 'Owner')], default=apps.accounts.roles.Role['REVIEWER'], max_length=10)),
                ('approvers', models.PositiveSmallIntegerField(default=1, help_text='Distinct people who must approve')),
                ('requester_may_decide', models.BooleanField(default=False)),
                ('deadline_minutes', models.PositiveIntegerField(default=1440)),
                ('on_timeout', models.CharField(choices=[('reject', 'Reject'), ('escalate', 'Escalate'), ('keep', 'Keep')], default=apps.approvals.states.OnTimeout['ESCALATE'], max_length=10)),
                ('escalate_to', models.CharField(choices=[('viewer', 'Viewer'), ('reviewer', 'Reviewer'), ('admin', 'Admin'), ('owner', 'Owner')], default=apps.accounts.roles.Role['ADMIN'], max_length=10)),
                ('reason_presets', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='policies', to='accounts.business')),
            ],
            options={
                'verbose_name_plural': 'policies',
                'ordering': ['kind'],
            },
        ),
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('url', models.URLField(max_length=500)),
                ('secret', models.TextField(editable=False, help_text='Encrypted; shown once as whsec_...')),
                ('old_secret', models.TextField(blank=True, editable=False, help_text='Signs too, until old_secret_until')),
                ('old_secret_until', models.DateTimeField(editable=False, null=True)),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text='approval.approved, goal.*; empty: all', size=None)),
                ('enabled', models.BooleanField(default=True)),
                ('failures', models.PositiveSmallIntegerField(default=0, editable=False, help_text='Without an answer, in a row')),
                ('held_until', models.DateTimeField(editable=False, help_text='Being delivered to, or left in peace', null=True)),
                ('disabled_reason', models.CharField(blank=True, editable=False, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_endpoints', to='accounts.business')),
            ],
            options={
                'ordering': ['created_at'],
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField()),
                ('kind', models.CharField(max_length=60)),
                ('body', models.JSONField()),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'Failed')], default='pending', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('response_status', models.PositiveSmallIntegerField(null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('endpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='approvals.webhookendpoint')),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
                'ordering': ['-id'],
            },
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(models.F('business'), models.OrderBy(models.F('risk'), descending=True), models.F('deadline'), models.F('id'), condition=models.Q(('state', 'awaiting_approval')), name='request_queue'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(models.F('business'), models.F('kind'), models.OrderBy(models.F('risk'), descending=True), models.F('deadline'), models.F('id'), condition=models.Q(('state', 'awaiting_approval')), name='request_queue_kind'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(condition=models.Q(('state', 'awaiting_approval')), fields=['business', 'deadline', 'id'], name='request_queue_due'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(condition=models.Q(('state', 'awaiting_approval'), ('escalated_at__isnull', True), ('on_timeout__in', ['reject', 'escalate'])), fields=['deadline', 'id'], name='request_overdue'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(condition=models.Q(('state', 'awaiting_approval'), ('remind_at__isnull', False)), fields=['remind_at', 'id'], name='request_reminder'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(fields=['business', 'state', '-decided_at', '-id'], name='request_decided'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(fields=['business', '-id'], name='request_newest'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(fields=['kind', 'subject_id'], name='request_subject'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('state', 'awaiting_approval')), fields=['search'], name='request_search'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('state', 'awaiting_approval'), _negated=True), fields=['search'], name='request_search_decided'),
        ),
        migrations.AddConstraint(
            model_name='approvalrequest',
            constraint=models.CheckConstraint(condition=models.Q(('risk__gte', 0), ('risk__lte', 1)), name='request_risk'),
        ),
        migrations.AddConstraint(
            model_name='approvalrequest',
            constraint=models.CheckConstraint(condition=models.Q(('confidence', None), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='request_confidence'),
        ),
        migrations.AddConstraint(
            model_name='approvalrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['awaiting_approval', 'approved', 'rejected', 'answered', 'expired', 'cancelled'])), name='request_state'),
        ),
        migrations.AddConstraint(
            model_name='approvalrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'awaiting_approval')), fields=('kind', 'subject_id'), name='request_open_once'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('user__isnull', False)), fields=('request', 'user', 'version'), name='decision_once_a_person'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='d7bfbe13cfe8daf3c42d7e2f56ce0935c59438c8', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_cd8c6', table='approvals_decision', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['next_attempt_at'], name='notice_due'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('request', 'kind'), name='notice_once'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.UniqueConstraint(fields=('business', 'kind'), name='policy_once'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('approvers__gte', 1), ('approvers__lte', 10)), name='policy_approvers'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('deadline_minutes__gte', 1), ('deadline_minutes__lte', 525600)), name='policy_deadline'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('on_timeout__in', ['reject', 'escalate', 'keep'])), name='policy_on_timeout'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['endpoint', 'next_attempt_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['endpoint', '-id'], name='delivery_newest'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('endpoint', 'event_id'), name='delivery_once'),
        ),
    ]
