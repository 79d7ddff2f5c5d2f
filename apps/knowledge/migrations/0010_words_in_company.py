"""Common words in company of others, on every shelf there is."""

from typing import Any

from django.db import migrations

from apps.knowledge.shelf_functions import create_functions


def put_in_place(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT substring(relname FROM '[0-9]+$')::integer FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid"
            " WHERE inhparent = 'knowledge_chunk'::regclass"
        )
        for (shelf,) in cursor.fetchall():
            cursor.execute(create_functions(shelf))


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0009_upkeep")]

    operations = [migrations.RunPython(put_in_place, migrations.RunPython.noop)]
