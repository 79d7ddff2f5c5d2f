from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("trust", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("trust_buffered"),
        RowSecurity("trust_recommendation"),
        RowSecurity("trust_outcome"),
        RowSecurity("trust_dailytally"),
        RowSecurity("trust_delta"),
        RowSecurity("trust_trustscore"),
        RowSecurity("trust_pattern"),
        RowSecurity("trust_patternevent"),
        RowSecurity("trust_learningcycle"),
    ]
