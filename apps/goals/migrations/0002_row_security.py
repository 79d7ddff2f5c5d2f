from django.db import migrations

from apps.core.migration_ops import RowSecurity

# Every process keeps the switches and thresholds of all businesses in memory (apps/goals/switches.py) and may load them
# while one business is current. The functions show these columns and nothing else.
FUNCTIONS = """
CREATE FUNCTION goals_all_switches() RETURNS TABLE (business_id uuid, name varchar, "on" boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT s.business_id, s.name, s."on" FROM goals_switch s $$;

CREATE FUNCTION goals_all_thresholds()
RETURNS TABLE (business_id uuid, high double precision, medium double precision, rounds smallint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT g.business_id, g.high, g.medium, g.clarification_rounds FROM goals_gatesettings g $$;
"""
DROP = """
DROP FUNCTION goals_all_thresholds();
DROP FUNCTION goals_all_switches();
"""


class Migration(migrations.Migration):
    dependencies = [("goals", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("goals_goal"),
        RowSecurity("goals_gatesettings"),
        RowSecurity("goals_switch", shared=True),
        migrations.RunSQL(FUNCTIONS, DROP),
    ]
