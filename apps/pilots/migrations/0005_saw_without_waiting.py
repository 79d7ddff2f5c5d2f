from django.db import migrations

# Every process writes down now and then what it was asked for. It must neither wait for a rollout that holds a feature
# (the thread that writes hears of changes as well), nor lock several features in another order than its like.
WITHOUT_WAITING = """
CREATE OR REPLACE FUNCTION pilots_saw(keys varchar[], at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH free AS (
        SELECT id FROM pilots_feature
        WHERE key = ANY(keys) AND (last_evaluated_at IS NULL OR last_evaluated_at < at - interval '30 seconds')
        ORDER BY id FOR UPDATE SKIP LOCKED
    ), seen AS (
        UPDATE pilots_feature f SET last_evaluated_at = at FROM free WHERE f.id = free.id RETURNING 1
    )
    SELECT count(*) FROM seen
$$;
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION pilots_saw(keys varchar[], at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH seen AS (
        UPDATE pilots_feature SET last_evaluated_at = at
        WHERE key = ANY(keys) AND (last_evaluated_at IS NULL OR last_evaluated_at < at) RETURNING 1
    )
    SELECT count(*) FROM seen
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("pilots", "0004_rolled_back_listed")]

    operations = [migrations.RunSQL(WITHOUT_WAITING, AS_BEFORE)]
