from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("llm", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("llm_provider", shared=True),
        RowSecurity("llm_usage", unowned=True),
    ]
