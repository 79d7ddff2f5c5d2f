"""ACT: keep how trust stands today, so that a page can say how it stood on any day."""

from datetime import date
from uuid import UUID

from django.db import connection

COLUMNS = ("overall", "low", "high", "effective_n", "enough")
_LIST = ", ".join(COLUMNS)
_PUT = f"""
INSERT INTO trust_trustday (id, business_id, agent_id, day, {_LIST})
SELECT gen_random_uuid(), business_id, agent_id, %s, {_LIST} FROM trust_trustscore
WHERE business_id = %s AND type = '' ORDER BY agent_id
ON CONFLICT (business_id, agent_id, day) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)}
"""


def remember_day(*, business_id: UUID, day: date) -> int:
    """Put the trust scores of all types together down for `day`, over what stood there; how many agents."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT, [day, business_id])
        return int(cursor.rowcount)
