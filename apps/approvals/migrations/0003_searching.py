from django.db import migrations

# Under row-level security PostgreSQL uses no full-text index, because the search operator is not known to be silent
# about rows one may not see. This function asks the index on behalf of the current business and names rows of no other.
FUNCTION = """
CREATE FUNCTION approvals_matching(words text, waiting boolean, most integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    mine uuid := NULLIF(current_setting('gatehouse.business_id', true), '')::uuid;
    wanted tsquery := to_tsquery('simple', words);
    found uuid[];
BEGIN
    IF waiting THEN
        SELECT array_agg(id) INTO found FROM (
            SELECT id FROM approvals_approvalrequest
            WHERE business_id = mine AND state = 'awaiting_approval' AND search @@ wanted LIMIT most + 1
        ) AS few;
    ELSE
        SELECT array_agg(id) INTO found FROM (
            SELECT id FROM approvals_approvalrequest
            WHERE business_id = mine AND state <> 'awaiting_approval' AND search @@ wanted LIMIT most + 1
        ) AS few;
    END IF;
    RETURN CASE WHEN cardinality(found) > most THEN NULL ELSE COALESCE(found, '{}') END;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_row_security")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION approvals_matching(text, boolean, integer);")]
