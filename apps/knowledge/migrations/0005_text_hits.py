"""Full text in one business, bounded however common the words are: the functions of the shared shelf."""

from typing import Any

from django.db import migrations

from apps.knowledge.shelf_functions import create_functions, drop_functions


def create(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(create_functions(0))


def drop(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(drop_functions(0))


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0004_work")]

    operations = [migrations.RunPython(create, drop)]
