from django.db import migrations

from apps.core.migration_ops import RowSecurity


class Migration(migrations.Migration):
    dependencies = [("drafts", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("drafts_mailbox"),
        RowSecurity("drafts_thread"),
        RowSecurity("drafts_message"),
        RowSecurity("drafts_draft"),
        RowSecurity("drafts_draftversion"),
        RowSecurity("drafts_redaction"),
        RowSecurity("drafts_sending"),
        RowSecurity("drafts_draftsettings"),
        RowSecurity("drafts_intenttool"),
        RowSecurity("drafts_backfillrun"),
        RowSecurity("drafts_maintenancerun"),
    ]
