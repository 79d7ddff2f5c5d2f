from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]

    operations = [
        RowSecurity("approvals_policy"),
        RowSecurity("approvals_approvalrequest"),
        RowSecurity("approvals_decision"),
        RowSecurity("approvals_webhookendpoint"),
        RowSecurity("approvals_webhookdelivery"),
        RowSecurity("approvals_notice"),
    ]
