import apps.core.ids
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from apps.core.migration_ops import CreateAppRole


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        CreateAppRole(),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('business_id', models.UUIDField(editable=False, null=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('kind', models.CharField(help_text='What happened, as noun.verb: goal.submitted, approval.approved', max_length=60)),
                ('subject_type', models.CharField(max_length=40)),
                ('subject_id', models.CharField(max_length=40)),
                ('actor', models.CharField(help_text='user:mail address, key:prefix, or system:part', max_length=120)),
                ('data', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('business_id', models.UUIDField(editable=False)),
                ('key', models.CharField(max_length=200)),
                ('fingerprint', models.CharField(help_text='SHA-256 over method, path and body', max_length=64)),
                ('status', models.PositiveSmallIntegerField()),
                ('body', models.JSONField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Outbox',
            fields=[
                ('event', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, serialize=False, to='core.event')),
                ('subject', models.CharField(max_length=90)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('last_error', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'verbose_name_plural': 'outbox',
            },
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['business_id', '-id'], name='event_by_business'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['subject_type', 'subject_id', 'id'], name='event_by_subject'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['business_id', 'kind', '-id'], name='event_by_kind'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='event',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e10987bc9a49a1926c7e6570fb01934fa665dda6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_56466', table='core_event', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='event',
            trigger=pgtrigger.compiler.Trigger(name='to_outbox', sql=pgtrigger.compiler.UpsertTriggerSql(func="INSERT INTO core_outbox (event_id, subject, attempts, next_attempt_at, last_error) VALUES (NEW.id, NEW.subject_type || ':' || NEW.subject_id, 0, now(), ''); RETURN NULL;", hash='2476fe568818e807bd2e078ddd64e792e2d98208', operation='INSERT', pgid='pgtrigger_to_outbox_edc9e', table='core_event', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='keptanswer',
            index=models.Index(fields=['created_at'], name='kept_answer_age'),
        ),
        migrations.AddConstraint(
            model_name='keptanswer',
            constraint=models.UniqueConstraint(fields=('business_id', 'key'), name='kept_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='keptanswer',
            constraint=models.CheckConstraint(condition=models.Q(('status__gte', 200), ('status__lt', 600)), name='kept_answer_status'),
        ),
        migrations.AddIndex(
            model_name='outbox',
            index=models.Index(fields=['subject', 'event'], name='outbox_order'),
        ),
        migrations.AddIndex(
            model_name='outbox',
            index=models.Index(fields=['next_attempt_at', 'event'], name='outbox_due'),
        ),
    ]
