"""Batches of texts, files on their way in, and vectors kept for the next time."""

import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('knowledge', '0003_lexemes'),
    ]

    operations = [
        migrations.CreateModel(
            name='CacheDay',
            fields=[
                ('pk', models.CompositePrimaryKey('business_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('memory_hits', models.PositiveBigIntegerField(default=0, help_text='In the memory of the process')),
                ('stored_hits', models.PositiveBigIntegerField(default=0, help_text='In the database')),
                ('misses', models.PositiveBigIntegerField(default=0)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
            ],
        ),
        migrations.CreateModel(
            name='EmbeddingBatch',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', max_length=10)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('told', models.PositiveIntegerField(default=0)),
                ('told_at', models.DateTimeField(null=True)),
                ('held_by', models.UUIDField(null=True)),
                ('held_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, help_text='Why the last try stopped, in words', max_length=300)),
                ('asked_by', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('model', models.CharField(help_text='Key of the embedding model', max_length=120)),
                ('dimensions', models.PositiveIntegerField(null=True)),
                ('tokens', models.PositiveBigIntegerField(default=0)),
                ('hits', models.PositiveIntegerField(default=0)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
            ],
            options={
                'verbose_name_plural': 'embedding batches',
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='BatchText',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('reference', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField(blank=True)),
                ('vector', models.BinaryField(null=True)),
                ('tokens', models.PositiveIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='knowledge.embeddingbatch')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='FileImport',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', max_length=10)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('told', models.PositiveIntegerField(default=0)),
                ('told_at', models.DateTimeField(null=True)),
                ('held_by', models.UUIDField(null=True)),
                ('held_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, help_text='Why the last try stopped, in words', max_length=300)),
                ('asked_by', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('name', models.CharField(help_text='Of the file', max_length=250)),
                ('size', models.PositiveIntegerField(help_text='Bytes')),
                ('content', models.BinaryField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('errors', models.JSONField(default=list)),
                ('notes', models.JSONField(default=list)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.collection')),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CachedVector',
            fields=[
                ('pk', models.CompositePrimaryKey('business_id', 'model', 'digest', blank=True, editable=False, primary_key=True, serialize=False)),
                ('model', models.CharField(max_length=120)),
                ('digest', models.CharField(help_text='BLAKE2 of the text, hex', max_length=32)),
                ('vector', models.BinaryField()),
                ('used_on', models.DateField(help_text='The day it was last of use')),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
            ],
            options={
                'indexes': [models.Index(fields=['used_on'], name='cached_vector_age')],
            },
        ),
        migrations.AddIndex(
            model_name='embeddingbatch',
            index=models.Index(fields=['business', '-id'], name='batch_newest'),
        ),
        migrations.AddIndex(
            model_name='embeddingbatch',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['next_try_at'], name='batch_open'),
        ),
        migrations.AddIndex(
            model_name='batchtext',
            index=models.Index(condition=models.Q(('error', ''), ('vector__isnull', True)), fields=['batch', 'position'], name='batch_text_open'),
        ),
        migrations.AddConstraint(
            model_name='batchtext',
            constraint=models.UniqueConstraint(fields=('batch', 'position'), name='batch_text_once'),
        ),
        migrations.AddIndex(
            model_name='fileimport',
            index=models.Index(fields=['business', 'collection', '-id'], name='import_newest'),
        ),
        migrations.AddIndex(
            model_name='fileimport',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['next_try_at'], name='import_open'),
        ),
        RowSecurity("knowledge_embeddingbatch"),
        RowSecurity("knowledge_batchtext"),
        RowSecurity("knowledge_fileimport"),
        RowSecurity("knowledge_cachedvector"),
        RowSecurity("knowledge_cacheday"),
    ]
