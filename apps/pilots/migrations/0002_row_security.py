from django.db import migrations

from apps.core.migration_ops import RowSecurity, RowSecurityThrough

# Every process keeps all features and who has them in memory (apps/pilots/flags.py) and may load them while one
# business is current. The functions show these columns and nothing else.
FUNCTIONS = """
CREATE FUNCTION pilots_flags() RETURNS TABLE (
    id uuid, key varchar, version uuid, variants jsonb, on_variant varchar, off_variant varchar, default_variant varchar,
    share smallint, serves boolean, archived boolean, home_id uuid, exposed boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT f.id, f.key, f.version, f.variants, f.on_variant, f.off_variant, f.default_variant, f.share,
           COALESCE(NOT s.baseline, true), f.archived_at IS NOT NULL, f.home_id, f.exposed
    FROM pilots_feature f LEFT JOIN pilots_stage s ON s.feature_id = f.id AND s.position = f.stage
$$;

CREATE FUNCTION pilots_listed(features uuid[]) RETURNS TABLE (feature_id uuid, business_id uuid, held boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT p.feature_id, p.business_id, false FROM pilots_pilotbusiness p WHERE p.feature_id = ANY(features)
    UNION ALL
    SELECT h.feature_id, h.business_id, true FROM pilots_heldback h WHERE h.feature_id = ANY(features)
$$;

CREATE FUNCTION pilots_saw(keys varchar[], at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH seen AS (
        UPDATE pilots_feature SET last_evaluated_at = at
        WHERE key = ANY(keys) AND (last_evaluated_at IS NULL OR last_evaluated_at < at) RETURNING 1
    )
    SELECT count(*) FROM seen
$$;
"""
DROP = """
DROP FUNCTION pilots_saw(varchar[], timestamptz);
DROP FUNCTION pilots_listed(uuid[]);
DROP FUNCTION pilots_flags();
"""
OF_A_FEATURE = ("stage", "advance", "rollback", "guard", "incident")


class Migration(migrations.Migration):
    dependencies = [("pilots", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("pilots_feature", "home_id", shared=True),
        RowSecurity("pilots_pilotbusiness"),
        RowSecurity("pilots_heldback"),
        RowSecurity("pilots_businesssettings"),
        RowSecurity("pilots_rolledback"),
        *[RowSecurityThrough(f"pilots_{name}", "feature_id", "pilots_feature", "home_id") for name in OF_A_FEATURE],
        RowSecurityThrough("pilots_criterion", "stage_id", "pilots_stage"),
        RowSecurityThrough("pilots_guardreading", "guard_id", "pilots_guard"),
        migrations.RunSQL(FUNCTIONS, DROP),
    ]
