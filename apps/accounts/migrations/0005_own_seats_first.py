from django.db import migrations

# A superuser may enter every business: those they belong to come first, so that signing in leads there.
SEATS = """
CREATE OR REPLACE FUNCTION accounts_seats_of(person uuid) RETURNS TABLE (business_id uuid, name varchar, role varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT b.id, b.name, COALESCE(m.role, 'owner')
    FROM accounts_business b
    LEFT JOIN accounts_membership m ON m.business_id = b.id AND m.user_id = person
    WHERE m.id IS NOT NULL OR EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = person AND u.is_superuser)
    ORDER BY {order}
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_pilot_scopes")]

    operations = [
        migrations.RunSQL(SEATS.format(order="(m.id IS NULL), b.name"), SEATS.format(order="b.name")),
    ]
