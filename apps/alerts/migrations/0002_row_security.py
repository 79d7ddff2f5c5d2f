from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial"), ("core", "0001_initial")]

    operations = [RowSecurity("alerts_channel"), RowSecurity("alerts_notice"), RowSecurity("alerts_delivery")]
