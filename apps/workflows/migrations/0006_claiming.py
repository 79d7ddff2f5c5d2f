from django.db import migrations

# A function, because its plan is kept for the connection: planning took longer than the claim, and the lock is held
# meanwhile. Each statement in it sees what was committed before it began, so the claim sees all claims before it.
#
# busy: agents that have their hands full. next: the next few of each priority. deep: priorities whose next few are all
# of busy agents; for these, far has the next of each other agent (lanes leaps from one agent to the next in the index)
# and of those without an agent, so that a backlog of a hundred thousand costs no more than one of a hundred. best: by
# priority, with what is low and has aged among normal, then by age. beside: rules of the same business that come next.
CLAIM = """
CREATE FUNCTION workflows_claim(near_ int, aging_ interval, together_ int, ahead_ int, margin_ interval)
RETURNS TABLE (
    id uuid, business_id uuid, run_id uuid, stage_id uuid, key varchar, kind varchar, agent_id uuid, does varchar,
    type varchar, input text, attempt smallint, most_attempts smallint, timeout_seconds int, expected float8,
    created_at timestamptz, leased_until timestamptz, pattern varchar, config text, given text, stage smallint,
    correlation_id varchar
)
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('workflows:claim', 0));
    -- A claim that a crash forgets is a step that is ready: no wait for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY
    WITH RECURSIVE busy AS MATERIALIZED (
        SELECT a.id FROM agents_agent a
        JOIN (SELECT agent_id, count(*) AS has FROM workflows_step
              WHERE state = 'running' AND run_after > statement_timestamp() GROUP BY agent_id) taken
        ON taken.agent_id = a.id
        WHERE taken.has >= a.concurrency
    ), next AS MATERIALIZED (

        (SELECT id, business_id, agent_id, kind, priority, run_after FROM workflows_step
         WHERE state = 'ready' AND priority = 0 AND run_after <= statement_timestamp()
         ORDER BY run_after, id LIMIT near_)
     UNION ALL 
        (SELECT id, business_id, agent_id, kind, priority, run_after FROM workflows_step
         WHERE state = 'ready' AND priority = 1 AND run_after <= statement_timestamp()
         ORDER BY run_after, id LIMIT near_)
     UNION ALL 
        (SELECT id, business_id, agent_id, kind, priority, run_after FROM workflows_step
         WHERE state = 'ready' AND priority = 2 AND run_after <= statement_timestamp()
         ORDER BY run_after, id LIMIT near_)

    ), near AS MATERIALIZED (
        SELECT * FROM next WHERE agent_id IS NULL OR agent_id <> ALL (ARRAY(SELECT id FROM busy))
    ), deep AS MATERIALIZED (
        SELECT priority FROM next WHERE priority NOT IN (SELECT priority FROM near)
        GROUP BY priority HAVING count(*) = near_
    ), lanes AS (
        (SELECT agent_id FROM workflows_step
         WHERE state = 'ready' AND agent_id IS NOT NULL AND EXISTS (SELECT FROM deep) ORDER BY agent_id LIMIT 1)
        UNION ALL
        SELECT (SELECT s.agent_id FROM workflows_step s
                WHERE s.state = 'ready' AND s.agent_id > l.agent_id ORDER BY s.agent_id LIMIT 1)
        FROM lanes l WHERE l.agent_id IS NOT NULL
    ), far AS MATERIALIZED (
        SELECT f.* FROM deep d CROSS JOIN lanes l CROSS JOIN LATERAL (
            SELECT id, business_id, agent_id, kind, priority, run_after FROM workflows_step s
            WHERE s.state = 'ready' AND s.agent_id = l.agent_id AND s.priority = d.priority
              AND s.run_after <= statement_timestamp()
            ORDER BY s.run_after, s.id LIMIT 1) f
        WHERE l.agent_id <> ALL (ARRAY(SELECT id FROM busy))
        UNION ALL
        SELECT f.* FROM deep d CROSS JOIN LATERAL (
            SELECT id, business_id, agent_id, kind, priority, run_after FROM workflows_step s
            WHERE s.state = 'ready' AND s.agent_id IS NULL AND s.priority = d.priority
              AND s.run_after <= statement_timestamp()
            ORDER BY s.run_after, s.id LIMIT 1) f
    ), best AS MATERIALIZED (
        SELECT s.id, s.business_id, s.kind, s.priority
        FROM (SELECT * FROM near UNION ALL SELECT * FROM far) c JOIN workflows_step s USING (id)
        WHERE s.state = 'ready'
        ORDER BY CASE WHEN s.priority = 2 AND s.run_after <= statement_timestamp() - aging_ THEN 1 ELSE s.priority END,
            s.run_after, s.id
        LIMIT 1 FOR UPDATE OF s SKIP LOCKED
    ), ahead AS MATERIALIZED (
        SELECT s.id, s.business_id, s.kind FROM workflows_step s
        WHERE (SELECT kind FROM best) = 'compute' AND s.state = 'ready' AND s.priority = (SELECT priority FROM best)
          AND s.run_after <= statement_timestamp()
        ORDER BY s.run_after, s.id LIMIT ahead_
    ), beside AS MATERIALIZED (
        SELECT s.id FROM workflows_step s JOIN ahead a USING (id) JOIN best b ON b.business_id = a.business_id
        WHERE a.kind = 'compute' AND s.state = 'ready'
        ORDER BY s.run_after, s.id LIMIT together_ FOR UPDATE OF s SKIP LOCKED
    ), mine AS (
        SELECT id FROM best UNION SELECT id FROM beside
    )
    UPDATE workflows_step s
    SET state = 'running', attempt = s.attempt + 1, started_at = clock_timestamp(),
        run_after = clock_timestamp() + s.timeout_seconds * interval '1 second' + margin_
    FROM mine, workflows_run r
    WHERE s.id = mine.id AND s.state = 'ready' AND r.id = s.run_id
    RETURNING s.id, s.business_id, s.run_id, s.stage_id, s.key, s.kind, s.agent_id, s.does, s.type, s.input::text,
        s.attempt, s.most_attempts, s.timeout_seconds, s.expected, s.created_at, s.run_after,
        r.pattern, r.config::text, r.input::text, r.stage, r.correlation_id;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0005_lanes")]

    operations = [migrations.RunSQL(CLAIM, "DROP FUNCTION workflows_claim(int, interval, int, int, interval)")]
