from django.db import migrations

from apps.core.migration_ops import RowSecurity


# What a page or a request must know before any business is current, and no more than that. The functions run with the
# rights of their owner, so that the role of web processes needs none beyond row-level security. pg_temp stands last in
# their search path, or else a temporary table by the same name would be asked instead.
FUNCTIONS = """
CREATE FUNCTION accounts_find_api_key(wanted text) RETURNS SETOF accounts_apikey
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT * FROM accounts_apikey WHERE prefix = wanted $$;

CREATE FUNCTION accounts_seats_of(person uuid) RETURNS TABLE (business_id uuid, name varchar, role varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT b.id, b.name, COALESCE(m.role, 'owner')
    FROM accounts_business b
    LEFT JOIN accounts_membership m ON m.business_id = b.id AND m.user_id = person
    WHERE m.id IS NOT NULL OR EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = person AND u.is_superuser)
    ORDER BY b.name
$$;
"""
DROP = """
DROP FUNCTION accounts_seats_of(uuid);
DROP FUNCTION accounts_find_api_key(text);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("core", "0001_initial")]

    operations = [
        RowSecurity("accounts_business", column="id"),
        RowSecurity("accounts_membership"),
        RowSecurity("accounts_apikey"),
        migrations.RunSQL(FUNCTIONS, DROP),
    ]
