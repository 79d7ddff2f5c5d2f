from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("agents_agent"),
        RowSecurity("agents_tool"),
    ]
