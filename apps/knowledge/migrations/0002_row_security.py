"""Rows of knowledge belong to their business. Partitions have rules of their own: they can be read by name."""

from django.db import migrations

from apps.core.migration_ops import RowSecurity

TABLES = ("library", "collection", "document", "chunk", "chunk_0", "vector", "vector_0", "term", "reembedding")


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial")]

    operations = [RowSecurity(f"knowledge_{table}") for table in TABLES]
