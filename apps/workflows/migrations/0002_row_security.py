from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("workflows_workflow"),
        RowSecurity("workflows_workflowversion"),
        RowSecurity("workflows_run"),
        RowSecurity("workflows_stage"),
        RowSecurity("workflows_step"),
    ]
