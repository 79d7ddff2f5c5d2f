import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_agent_scopes'),
        ('agents', '0002_row_security'),
    ]

    operations = [
        migrations.AddField(
            model_name='agent',
            name='concurrency',
            field=models.PositiveSmallIntegerField(default=4, help_text='Calls at once, 1 to 100'),
        ),
        migrations.AddField(
            model_name='agent',
            name='disabled_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='agent',
            name='disabled_by',
            field=models.CharField(blank=True, help_text='Who, as in the audit trail', max_length=120),
        ),
        migrations.AddField(
            model_name='agent',
            name='entry',
            field=models.CharField(blank=True, max_length=100, verbose_name='Entry point'),
        ),
        migrations.AddField(
            model_name='agent',
            name='headers',
            field=models.TextField(blank=True, editable=False, help_text='Extra request headers as JSON, encrypted'),
        ),
        migrations.AddField(
            model_name='agent',
            name='kind',
            field=models.CharField(choices=[('http', 'HTTP endpoint'), ('model', 'Model'), ('python', 'Python entry point')], default='http', max_length=10),
        ),
        migrations.AddField(
            model_name='agent',
            name='model',
            field=models.CharField(blank=True, help_text='As the provider names it; empty: LLM_MODEL', max_length=120),
        ),
        migrations.AddField(
            model_name='agent',
            name='price_per_call',
            field=models.DecimalField(decimal_places=6, default=0, help_text='USD; counts where a call does not tell its own cost', max_digits=10),
        ),
        migrations.AddField(
            model_name='agent',
            name='prompt',
            field=models.TextField(blank=True, help_text='What the model is told before the work', max_length=8000, verbose_name='Instructions'),
        ),
        migrations.AddField(
            model_name='agent',
            name='types',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=20),
        ),
        migrations.AddField(
            model_name='tool',
            name='entry',
            field=models.CharField(blank=True, max_length=100, verbose_name='Entry point'),
        ),
        migrations.AddField(
            model_name='tool',
            name='headers',
            field=models.TextField(blank=True, editable=False, help_text='Extra request headers as JSON, encrypted'),
        ),
        migrations.AddField(
            model_name='tool',
            name='kind',
            field=models.CharField(choices=[('described', 'Described only'), ('http', 'HTTP endpoint'), ('mcp', 'MCP server'), ('python', 'Python entry point')], default='described', max_length=10),
        ),
        migrations.AddField(
            model_name='tool',
            name='method',
            field=models.CharField(choices=[('POST', 'POST'), ('GET', 'GET')], default='POST', max_length=4),
        ),
        migrations.AddField(
            model_name='tool',
            name='remote_name',
            field=models.CharField(blank=True, help_text='Empty: the name of the tool', max_length=128, verbose_name='Name on the server'),
        ),
        migrations.AddField(
            model_name='tool',
            name='returned',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, size=50),
        ),
        migrations.AddField(
            model_name='tool',
            name='timeout_seconds',
            field=models.PositiveSmallIntegerField(default=30),
        ),
        migrations.AddField(
            model_name='tool',
            name='url',
            field=models.URLField(blank=True, max_length=500, verbose_name='Address'),
        ),
        migrations.AlterField(
            model_name='agent',
            name='secret',
            field=models.TextField(blank=True, editable=False, help_text='Encrypted; shown once as whsec_...'),
        ),
        migrations.AlterField(
            model_name='agent',
            name='url',
            field=models.URLField(blank=True, help_text='Work is sent here by POST, signed', max_length=500, verbose_name='Address'),
        ),
        migrations.AlterField(
            model_name='tool',
            name='parameters',
            field=models.JSONField(blank=True, default=dict, help_text='JSON Schema of an object, as in OpenAI functions; empty: anything'),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.CheckConstraint(condition=models.Q(('concurrency__gte', 1), ('concurrency__lte', 100)), name='agent_concurrency'),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.CheckConstraint(condition=models.Q(('price_per_call__gte', 0)), name='agent_price'),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'http'), models.Q(('url', ''), _negated=True)), ('kind', 'model'), models.Q(('kind', 'python'), models.Q(('entry', ''), _negated=True)), _connector='OR'), name='agent_kind'),
        ),
        migrations.AddConstraint(
            model_name='tool',
            constraint=models.CheckConstraint(condition=models.Q(('timeout_seconds__gte', 1), ('timeout_seconds__lte', 280)), name='tool_timeout'),
        ),
        migrations.AddConstraint(
            model_name='tool',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'described'), models.Q(('kind__in', ['http', 'mcp']), models.Q(('url', ''), _negated=True)), models.Q(('kind', 'python'), models.Q(('entry', ''), _negated=True)), _connector='OR'), name='tool_kind'),
        ),
    ]
