from django.db import migrations

# Without these the planner takes every recommendation for a group of its own when they are summed by agent, type and
# day (apps/trust/folding.py), sorts them all, and uses one process of the server.
FORWARDS = """
CREATE STATISTICS trust_recommendation_days (ndistinct)
ON business_id, agent_id, type, ((created_at AT TIME ZONE 'UTC')::date) FROM trust_recommendation
"""
BACKWARDS = "DROP STATISTICS trust_recommendation_days"


class Migration(migrations.Migration):
    dependencies = [("trust", "0006_settings_and_kept_evidence")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
