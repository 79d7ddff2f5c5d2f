from django.db import migrations, models

# An agent that answers later shows no key of ours, so the web's role has no business yet when it asks whose step this
# is. A step may also be named by what the pattern "single" carries outside: the id of its goal.
WHO = """
CREATE FUNCTION workflows_answerer_of(asked uuid) RETURNS TABLE (step_id uuid, business_id uuid, agent_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT s.id, s.business_id, s.agent_id FROM workflows_step s WHERE s.id = asked AND s.agent_id IS NOT NULL
    UNION ALL
    (SELECT s.id, s.business_id, s.agent_id FROM workflows_run r JOIN workflows_step s ON s.run_id = r.id
     WHERE r.subject_id = asked AND r.pattern = 'single' AND s.agent_id IS NOT NULL ORDER BY s.id DESC LIMIT 1)
    LIMIT 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0003_run_by_workflow")]

    operations = [
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["run_after"], name="step_waiting", condition=models.Q(("state", "waiting"))),
        ),
        migrations.RunSQL(WHO, "DROP FUNCTION workflows_answerer_of(uuid)"),
    ]
