"""A long queue, written by the database itself: so many requests waiting, so many decided long ago."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

WORDS = (
    "refund order parcel customer invoice address price stock supplier cushion lamp teapot blanket shelf vase chair "
    "late broken missing double wrong urgent partial full weekly monthly return exchange discount voucher gift reply"
)
# One in a thousand is of the rare kind, and one in ten thousand has the rare word: what an index must be good at.
RARE_KIND, RARE_WORD = "rollout", "zanzibar"

_ROWS = """
INSERT INTO approvals_approvalrequest (
    id, business_id, kind, subject_id, title, why, requested_by, requester_id, payload, payload_schema, payload_hash,
    version, questions, confidence, risk, factors, checks, state, decider_role, approvers_needed, requester_may_decide,
    on_timeout, escalate_to, reason_presets, created_at, deadline, remind_at, decided_at, decided_by)
SELECT
    uuidv7(-%(age)s * (1 - n::float / %(count)s)), %(business)s,
    CASE WHEN n %% 1000 = 0 THEN %(rare_kind)s ELSE (ARRAY['draft', 'action', 'goal', 'goal'])[1 + n %% 4] END,
    gen_random_uuid(),
    initcap(w[1 + n %% 32]) || ' ' || w[1 + (n / 32) %% 32] || ' for order ' || n
        || CASE WHEN n %% 10000 = 0 THEN ' ' || %(rare_word)s ELSE '' END,
    'The ' || w[1 + (n / 7) %% 32] || ' is not certain', 'key:' || substr(md5((n %% 50)::text), 1, 8), NULL,
    jsonb_build_object('goal', w[1 + n %% 32], 'amount', n %% 500, 'note', repeat(w[1 + n %% 32] || ' ', 40)),
    '{}', md5(n::text) || md5((n + 1)::text), 1, '[]', (n %% 97) / 97.0,
    CASE WHEN n %% 3 = 0 THEN 0.5 ELSE round(((n::bigint * 7919) %% 100) / 100.0, 2)::float END,
    '[]', '{}', %(state)s, 'reviewer', 1, false, 'escalate', 'admin', '{}',
    now() - %(age)s * (1 - n::float / %(count)s), now() + interval '1 hour' + n * interval '1 second', NULL,
    CASE WHEN %(state)s = 'awaiting_approval' THEN NULL ELSE now() - %(age)s * (1 - n::float / %(count)s) END,
    CASE WHEN %(state)s = 'awaiting_approval' THEN '' ELSE 'user:bench@example.com' END
FROM generate_series(1, %(count)s) AS n, (SELECT string_to_array(%(words)s, ' ') AS w) AS vocabulary
"""


def fill(business_id: UUID, *, waiting: int, decided: int) -> None:
    """Write the rows (about 40 s a million) and have the planner learn of them."""
    values: dict[str, Any] = {"business": business_id, "words": WORDS, "rare_kind": RARE_KIND, "rare_word": RARE_WORD}
    with connection.cursor() as cursor:
        for state, count, age in (
            ("approved", decided, timedelta(days=700)),
            ("awaiting_approval", waiting, timedelta(days=1)),
        ):
            cursor.execute(_ROWS, values | {"state": state, "count": count, "age": age})
        cursor.execute("VACUUM ANALYZE approvals_approvalrequest")
