"""Chunks by their date, for filters."""

from typing import Any

from django.db import migrations

from apps.knowledge.shelf_functions import create_functions


def put_in_place(apps: Any, schema_editor: Any) -> None:
    """Those of a database that had an earlier wording."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(create_functions(0))


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0006_counting")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX knowledge_chunk_dated ON knowledge_chunk (business_id, created_at)",
            "DROP INDEX knowledge_chunk_dated",
        ),
        migrations.RunPython(put_in_place, migrations.RunPython.noop),
    ]
