from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("watch", "0001_initial"), ("core", "0001_initial")]

    operations = [RowSecurity("watch_targetband"), RowSecurity("watch_alert"), RowSecurity("watch_slice")]
