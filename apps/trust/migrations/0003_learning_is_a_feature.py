from typing import Any

from django.db import migrations

from apps.core.ids import new_id

KEY = "LEARNING_ENABLED"
DESCRIPTION = "Learning. Off: nothing is tracked or learned, trust steers nothing, and all else goes on as it is."


def forwards(apps_then: Any, schema_editor: Any) -> None:
    described = {"description": DESCRIPTION, "variants": {"on": True, "off": False}, "version": new_id()}
    switch = {"kind": "boolean", "on_variant": "on", "off_variant": "off", "permanent": True, "self_service": True}
    apps_then.get_model("pilots", "Feature").objects.get_or_create(key=KEY, defaults=described | switch)


class Migration(migrations.Migration):
    dependencies = [("trust", "0002_row_security"), ("pilots", "0005_saw_without_waiting")]

    operations = [
        # The way back leaves the feature as it was set: coming again finds it.
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
