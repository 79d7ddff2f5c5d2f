from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("tuning", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("tuning_reviewedgoal"),
        RowSecurity("tuning_curveversion"),
        RowSecurity("tuning_auditshare"),
    ]
