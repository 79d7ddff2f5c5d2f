import django.contrib.postgres.fields
from django.db import migrations, models

SCOPES = [
    "goals:read", "goals:write", "approvals:read", "approvals:write", "approvals:decide", "webhooks:manage",
    "audit:read", "gate:tune", "flags:evaluate", "pilots:manage",
    "agents:read", "agents:manage", "workflows:read", "workflows:write", "trust:read", "trust:write",
    "knowledge:read", "knowledge:write", "embeddings:create", "drafts:read", "drafts:write", "usage:read",
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_agent_scopes")]

    operations = [
        migrations.AlterField(
            "apikey",
            "scopes",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=[(scope, scope) for scope in SCOPES], max_length=40),
                default=list,
                size=None,
            ),
        ),
    ]
