import django.contrib.postgres.indexes
from django.db import migrations, models

# Mail that is posted to us shows no key of ours, so the web's role has no business yet when it asks whose mailbox it is.
WHO = """
CREATE FUNCTION drafts_mailbox_of(asked uuid) RETURNS TABLE (business_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT m.business_id FROM drafts_mailbox m WHERE m.id = asked AND m.enabled $$;
"""


class Migration(migrations.Migration):
    dependencies = [("drafts", "0002_row_security")]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="after_fetch",
            field=models.CharField(
                choices=[("leave", "Leave it as it is"), ("seen", "Mark it as read"), ("delete", "Delete it")],
                default="leave",
                help_text="What becomes of a mail in the IMAP folder",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="mailbox",
            name="removes_duplicates",
            field=models.BooleanField(
                default=False,
                help_text="The mail server drops a second mail of one Message-ID, so what is unsure is sent again",
            ),
        ),
        migrations.AddField(
            model_name="sending",
            name="file_in",
            field=models.CharField(blank=True, help_text="IMAP folder that still lacks a copy", max_length=120),
        ),
        migrations.AddField(
            model_name="sending", name="file_attempts", field=models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField(model_name="sending", name="file_after", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="sending",
            index=models.Index(
                condition=models.Q(("file_in", ""), _negated=True), fields=["file_after"], name="sending_unfiled"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(fields=["references"], name="message_references"),
        ),
        migrations.RunSQL(WHO, "DROP FUNCTION drafts_mailbox_of(uuid)"),
    ]
