from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        RowSecurity("core_event", unowned=True),
        RowSecurity("core_keptanswer"),
    ]
