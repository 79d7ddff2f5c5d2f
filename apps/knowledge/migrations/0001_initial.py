"""The tables of knowledge. Those of chunks and vectors are partitioned, which Django cannot say."""

import apps.core.ids
import django.contrib.postgres.fields
import django.contrib.postgres.search
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import pgvector.django.halfvec
from django.db import migrations, models


# No default partition: attaching one beside it would read it whole under an exclusive lock. Every business begins on
# the shared shelf 0; apps/knowledge/shelving.py makes the others. No foreign keys, which would look into every
# partition; the trigger on documents deletes what belongs to them.
CHUNKS = """
CREATE TABLE knowledge_chunk (
    id uuid NOT NULL, shelf integer NOT NULL, business_id uuid NOT NULL, document_id uuid NOT NULL,
    collection_id uuid NOT NULL, position integer NOT NULL, heading varchar(300) NOT NULL, start integer NOT NULL,
    "end" integer NOT NULL, tokens integer NOT NULL, text text NOT NULL, searchable text NOT NULL,
    digest varchar(32) NOT NULL, terms tsvector NOT NULL, created_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id, shelf)
) PARTITION BY LIST (shelf);
CREATE INDEX knowledge_chunk_document ON knowledge_chunk (business_id, document_id);
-- Without a list of what is still to be put in order, which every search would have to read.
CREATE INDEX knowledge_chunk_terms ON knowledge_chunk USING gin (terms) WITH (fastupdate = off);
CREATE TABLE knowledge_chunk_0 PARTITION OF knowledge_chunk FOR VALUES IN (0);
"""
VECTORS = """
CREATE TABLE knowledge_vector (
    shelf integer NOT NULL, business_id uuid NOT NULL, chunk_id uuid NOT NULL, model_id bigint NOT NULL,
    collection_id uuid NOT NULL, embedding halfvec NOT NULL,
    PRIMARY KEY (business_id, chunk_id, model_id, shelf)
) PARTITION BY LIST (shelf);
CREATE INDEX knowledge_vector_collection ON knowledge_vector (business_id, collection_id, model_id);
-- Long vectors stay in their rows too: fetching them from elsewhere would cost more than comparing them.
CREATE TABLE knowledge_vector_0 PARTITION OF knowledge_vector FOR VALUES IN (0) WITH (toast_tuple_target = 8160);
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0007_knowledge_and_draft_scopes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.SlugField(db_index=False, max_length=60)),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(choices=[('replies', 'Replies'), ('snippets', 'Snippets'), ('documents', 'Documents'), ('precedents', 'Precedents')], default='documents', max_length=12)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='collections', to='accounts.business')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(help_text='What its source calls it; the same key again replaces it', max_length=250)),
                ('title', models.CharField(blank=True, max_length=300)),
                ('text', models.TextField()),
                ('searchable', models.TextField(blank=True, help_text='What is searched instead of the text')),
                ('whole', models.BooleanField(default=False, help_text='One chunk, however long')),
                ('meta', models.JSONField(default=dict)),
                ('source', models.CharField(blank=True, help_text='Where it came from', max_length=250)),
                ('language', models.CharField(default='en', max_length=2)),
                ('content_hash', models.CharField(help_text='SHA-256 of title, text and what is searched, hex', max_length=64)),
                ('chunks_count', models.PositiveIntegerField(default=0)),
                ('expires_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(help_text='Its own date, else when it was first indexed')),
                ('indexed_at', models.DateTimeField()),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
                ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='documents', to='knowledge.collection')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CHUNKS, 'DROP TABLE knowledge_chunk')],
            state_operations=[
                migrations.CreateModel(
                    name='Chunk',
                    fields=[
                        ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                        ('shelf', models.PositiveIntegerField(default=0)),
                        ('position', models.PositiveIntegerField(help_text='Within its document, from 0')),
                        ('heading', models.CharField(blank=True, help_text='The headings above it', max_length=300)),
                        ('start', models.PositiveIntegerField(help_text="Characters into the document's text")),
                        ('end', models.PositiveIntegerField()),
                        ('tokens', models.PositiveIntegerField()),
                        ('text', models.TextField()),
                        ('searchable', models.TextField(blank=True, help_text='What was embedded, where it is not title, heading and text')),
                        ('digest', models.CharField(help_text='BLAKE2 of what was embedded, hex', max_length=32)),
                        ('terms', django.contrib.postgres.search.SearchVectorField()),
                        ('created_at', models.DateTimeField(help_text="The document's")),
                        ('business', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.business')),
                        ('collection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='knowledge.collection')),
                        ('document', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='chunks', to='knowledge.document')),
                    ],
                    options={
                        'ordering': ['document', 'position'],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='EmbeddingModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='As its provider names it', max_length=120, unique=True)),
                ('provider', models.CharField(default='local', help_text='Who computes it', max_length=80)),
                ('dim', models.PositiveIntegerField(help_text='Numbers in a vector')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['key'],
                'constraints': [models.CheckConstraint(condition=models.Q(('dim__gte', 1), ('dim__lte', 16000)), name='embedding_model_dim')],
            },
        ),
        migrations.CreateModel(
            name='Library',
            fields=[
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='library', serialize=False, to='accounts.business')),
                ('shelf', models.PositiveIntegerField(default=0)),
                ('next_shelf', models.PositiveIntegerField(null=True)),
                ('stage', models.CharField(blank=True, choices=[('copying', 'copying'), ('indexing', 'indexing'), ('clearing', 'clearing')], default='', max_length=10)),
                ('cursor', models.UUIDField(null=True)),
                ('since', models.DateTimeField(help_text='When the stage began', null=True)),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), default=list, help_text='Of its texts, besides English', size=None)),
                ('chunks', models.PositiveIntegerField(default=0, help_text='When they were last counted')),
                ('mean_tokens', models.FloatField(default=100.0, help_text='Of a chunk, when they were last counted')),
                ('counted_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('model', models.ForeignKey(help_text='Searched by', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.embeddingmodel')),
            ],
            options={
                'verbose_name_plural': 'libraries',
            },
        ),
        migrations.CreateModel(
            name='Reembedding',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('running', 'running'), ('indexing', 'indexing'), ('clearing', 'clearing'), ('done', 'done'), ('cancelled', 'cancelled')], default='running', max_length=10)),
                ('cursor', models.UUIDField(help_text='The last chunk that has its new vector', null=True)),
                ('done', models.PositiveIntegerField(default=0, help_text='Chunks')),
                ('total', models.PositiveIntegerField(default=0, help_text='Chunks, when it began')),
                ('error', models.CharField(blank=True, help_text='Why the last try stopped, in words', max_length=300)),
                ('failures', models.PositiveIntegerField(default=0, help_text='In a row')),
                ('next_try_at', models.DateTimeField(null=True)),
                ('asked_by', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('switched_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('before', models.ForeignKey(help_text='The old one', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.embeddingmodel')),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reembeddings', to='accounts.business')),
                ('model', models.ForeignKey(help_text='The new one', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='knowledge.embeddingmodel')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('pk', models.CompositePrimaryKey('business_id', 'lexeme', blank=True, editable=False, primary_key=True, serialize=False)),
                ('lexeme', models.CharField(max_length=250)),
                ('chunks', models.PositiveIntegerField()),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.business')),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(VECTORS, 'DROP TABLE knowledge_vector')],
            state_operations=[
                migrations.CreateModel(
                    name='Vector',
                    fields=[
                        ('pk', models.CompositePrimaryKey('business_id', 'chunk_id', 'model_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('shelf', models.PositiveIntegerField(default=0)),
                        ('embedding', pgvector.django.halfvec.HalfVectorField()),
                        ('business', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.business')),
                        ('chunk', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='vectors', to='knowledge.chunk')),
                        ('collection', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='knowledge.collection')),
                        ('model', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='knowledge.embeddingmodel')),
                    ],
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name='collection',
            constraint=models.UniqueConstraint(fields=('business', 'key'), name='collection_once'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['collection', 'content_hash'], name='document_content'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['business', 'collection', '-created_at', '-id'], name='document_newest'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['business', 'expires_at'], name='document_expiring'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(fields=('collection', 'key'), name='document_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='document',
            trigger=pgtrigger.compiler.Trigger(name='take_chunks_along', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE gone record;', func="\n    FOR gone IN\n        SELECT o.business_id AS business, array_agg(o.id) AS documents,\n            ARRAY[0, coalesce(min(l.shelf), 0), coalesce(min(l.next_shelf), 0)] AS shelves\n        FROM old_rows o LEFT JOIN knowledge_library l ON l.business_id = o.business_id GROUP BY 1\n    LOOP\n        EXECUTE format(\n            'WITH gone AS (DELETE FROM knowledge_chunk WHERE shelf = ANY (%L::int[]) AND business_id = %L'\n            ' AND document_id = ANY (%L::uuid[]) RETURNING id) DELETE FROM knowledge_vector'\n            ' WHERE shelf = ANY (%L::int[]) AND business_id = %L AND chunk_id IN (SELECT id FROM gone)',\n            gone.shelves, gone.business, gone.documents, gone.shelves, gone.business);\n    END LOOP;\n    RETURN NULL;\n", hash='61ccc1b1988a219a0f2e00051bdbc895a2c1796f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_take_chunks_along_23e27', referencing='REFERENCING OLD TABLE AS old_rows ', table='knowledge_document', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='library',
            trigger=pgtrigger.compiler.Trigger(name='take_chunks_along', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    EXECUTE format('DELETE FROM knowledge_vector WHERE shelf IN (0, %L, %L) AND business_id = %L',\n        OLD.shelf, coalesce(OLD.next_shelf, 0), OLD.business_id);\n    EXECUTE format('DELETE FROM knowledge_chunk WHERE shelf IN (0, %L, %L) AND business_id = %L',\n        OLD.shelf, coalesce(OLD.next_shelf, 0), OLD.business_id);\n    RETURN OLD;\n", hash='f56e4e2423d2cd2247dd301832d3d61bcfeda8b3', operation='DELETE', pgid='pgtrigger_take_chunks_along_6f1fc', table='knowledge_library', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='reembedding',
            index=models.Index(fields=['business', '-id'], name='reembedding_newest'),
        ),
        migrations.AddConstraint(
            model_name='reembedding',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['running', 'indexing', 'clearing'])), fields=('business',), name='reembedding_one_at_a_time'),
        ),
    ]
