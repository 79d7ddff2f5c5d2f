from typing import Any

from django.db import migrations

import apps.core.ids
from apps.core.migration_ops import RowSecurity

KEYS = {
    "PHASE2_ENABLED": "Gate. Off: goals run as they come, and answers carry nothing of the gate.",
    "PHASE2_PRE_VALIDATION_ENABLED": "Pre-validation. Off: a failed check no longer stops a goal.",
    "PHASE2_APPROVAL_GATES_ENABLED": "Approval gates. Off: nobody is asked; what would have waited runs.",
    "PHASE2_CLARIFICATION_ENABLED": "Clarification. Off: what would have been a question goes to a person.",
    "PHASE2_GRADED_CONFIDENCE_ENABLED": "Graded confidence. Off: two levels of confidence, made from the checks.",
}
# Whom the lists name where the switch named nobody.
NOBODY = "system:migration"

# A row of the whole installation becomes the feature itself, with its id; without one, nobody has set a default. One
# of a business becomes its entry in the list, or keeps the feature from it.
FORWARDS = """
INSERT INTO pilots_feature (
    id, key, kind, variants, on_variant, off_variant, default_variant, default_since, default_by, description,
    permanent, self_service, exposed, stage, share, auto_advance, version, changed_at, changed_by, created_at)
SELECT COALESCE(s.id, k.id), k.key, 'boolean', '{"on": true, "off": false}', 'on', 'off',
    CASE WHEN s."on" THEN 'on' WHEN NOT s."on" THEN 'off' ELSE '' END, s.updated_at, COALESCE(s.updated_by, ''),
    k.description, true, true, false, 0, 0, false, k.version, COALESCE(s.updated_at, now()),
    COALESCE(NULLIF(s.updated_by, ''), %(nobody)s), COALESCE(s.updated_at, now())
FROM unnest(%(ids)s::uuid[], %(versions)s::uuid[], %(keys)s::varchar[], %(descriptions)s::varchar[])
    AS k (id, version, key, description)
LEFT JOIN goals_switch s ON s.name = k.key AND s.business_id IS NULL;

INSERT INTO pilots_pilotbusiness (id, business_id, feature_id, enabled_at, enabled_by, notes)
SELECT s.id, s.business_id, f.id, s.updated_at, COALESCE(NULLIF(s.updated_by, ''), %(nobody)s), ''
FROM goals_switch s JOIN pilots_feature f ON f.key = s.name WHERE s.business_id IS NOT NULL AND s."on";

INSERT INTO pilots_heldback (id, business_id, feature_id, held_at, held_by, reason)
SELECT s.id, s.business_id, f.id, s.updated_at, COALESCE(NULLIF(s.updated_by, ''), %(nobody)s), ''
FROM goals_switch s JOIN pilots_feature f ON f.key = s.name WHERE s.business_id IS NOT NULL AND NOT s."on";
"""
# A share of businesses has no place in a switch: who had it by the share has the installation's again.
BACKWARDS = """
INSERT INTO goals_switch (id, business_id, name, "on", updated_at, updated_by)
SELECT f.id, NULL::uuid, f.key, f.default_variant = f.on_variant, COALESCE(f.default_since, f.changed_at), f.default_by
FROM pilots_feature f WHERE f.key = ANY(%(keys)s) AND f.default_variant <> ''
UNION ALL
SELECT h.id, h.business_id, f.key, false, h.held_at, CASE WHEN h.held_by = %(nobody)s THEN '' ELSE h.held_by END
FROM pilots_heldback h JOIN pilots_feature f ON f.id = h.feature_id WHERE f.key = ANY(%(keys)s)
UNION ALL
SELECT p.id, p.business_id, f.key, true, p.enabled_at,
    CASE WHEN p.enabled_by = %(nobody)s THEN '' ELSE p.enabled_by END
FROM pilots_pilotbusiness p JOIN pilots_feature f ON f.id = p.feature_id
WHERE f.key = ANY(%(keys)s) AND NOT EXISTS (
    SELECT FROM pilots_heldback h WHERE h.feature_id = p.feature_id AND h.business_id = p.business_id);
"""

# Every process kept the switches of all businesses in memory and loaded them while one business was current.
FUNCTION = """
CREATE FUNCTION goals_all_switches() RETURNS TABLE (business_id uuid, name varchar, "on" boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT s.business_id, s.name, s."on" FROM goals_switch s $$;
"""
DROP = "DROP FUNCTION goals_all_switches();"


def forwards(apps_then: Any, schema_editor: Any) -> None:
    _run(
        schema_editor,
        FORWARDS,
        ids=[apps.core.ids.new_id() for _ in KEYS],
        versions=[apps.core.ids.new_id() for _ in KEYS],
        descriptions=list(KEYS.values()),
    )


def backwards(apps_then: Any, schema_editor: Any) -> None:
    _run(schema_editor, BACKWARDS)
    # With everything that hangs on them.
    apps_then.get_model("pilots", "Feature").objects.filter(key__in=KEYS).delete()


def _run(schema_editor: Any, sql: str, **parameters: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in sql.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"keys": list(KEYS), "nobody": NOBODY, **parameters})


class NoRowSecurity(RowSecurity):
    """Take the row security of a table away, the way back of RowSecurity."""

    database_forwards = RowSecurity.database_backwards
    database_backwards = RowSecurity.database_forwards


class Migration(migrations.Migration):
    dependencies = [
        ("goals", "0005_goal_ended"),
        ("pilots", "0003_default_set_by"),
    ]

    operations = [
        migrations.RunPython(forwards, backwards),
        migrations.RunSQL(DROP, FUNCTION),
        NoRowSecurity("goals_switch", shared=True),
        migrations.DeleteModel("Switch"),
    ]
