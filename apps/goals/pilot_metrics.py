"""SELECTOR: how goals fare, as metrics for rollouts (settings.PILOT_METRICS). Trials of the gate are not counted.

Errors are two figures, each as Watch defines it (apps/watch/figures.py): goals whose agent did not finish, of those
that ran ("Failed when run"), and submissions that failed by our fault, of all ("Errors of ours"). Watch puts a goal
into the hour of its submission; here what ran is put where it ended, so that a goal that was on its way when a guard
was armed counts, and one that is still running is not held against anybody.
"""

from apps.core.measures import Better, Figured
from apps.core.sampling import Statement
from apps.goals.timing import Stage

_TIMES = """
SELECT {{business}}, count(*), CASE WHEN %(limit)s::float8 IS NULL THEN NULL ELSE
  count(*) FILTER (WHERE seconds > %(limit)s::float8) END,
  percentile_cont(%(quantile)s) WITHIN GROUP (ORDER BY seconds)
FROM ({seconds}) timed
{{grouped}}
"""
# A goal in one of these two states has run and will change no more, which is what the index goal_ended holds.
_ENDED = """
SELECT business_id, state, started_at, finished_at FROM goals_goal
WHERE business_id = ANY(%(businesses)s::uuid[]) AND state IN ('done', 'failed') AND NOT is_trial
  AND finished_at >= %(since)s AND finished_at < %(until)s
"""
_failed = Statement(
    Figured.SHARE,
    f"""
    SELECT {{business}}, count(*), count(*) FILTER (WHERE state = 'failed'), NULL::float8
    FROM ({_ENDED}) ended
    {{grouped}}
    """,
)
_run = Statement(
    Figured.QUANTILE,
    _TIMES.format(
        seconds="SELECT business_id, extract(epoch FROM finished_at - started_at)::float8 AS seconds "
        f"FROM ({_ENDED}) ended WHERE started_at IS NOT NULL"
    ),
)
_gate = Statement(
    Figured.QUANTILE,
    _TIMES.format(
        seconds="""
        SELECT business_id, timings[%(total)s] / 1e6::float8 AS seconds FROM goals_goal
        WHERE business_id = ANY(%(businesses)s::uuid[]) AND id >= %(first)s AND id < %(end)s
          AND NOT is_trial AND timings[%(total)s] IS NOT NULL
        """
    ),
    {"total": list(Stage).index(Stage.TOTAL) + 1},
)
_ours = Statement(
    Figured.SHARE,
    """
    SELECT {business}, count(*), coalesce(sum(error), 0)::float8, NULL::float8 FROM (
      SELECT business_id, 0 AS error FROM goals_goal
      WHERE business_id = ANY(%(businesses)s::uuid[]) AND id >= %(first)s AND id < %(end)s AND NOT is_trial
      UNION ALL
      SELECT business_id, 1 FROM goals_gateerror
      WHERE business_id = ANY(%(businesses)s::uuid[]) AND at >= %(since)s AND at < %(until)s
    ) submitted
    {grouped}
    """,
)

error_rate = _failed.as_metric(
    name="error_rate",
    title="Error rate",
    of="goals that ran",
    meaning="Of the goals that ran to an end, the share whose agent did not finish.",
    unit="%",
    better=Better.LOW,
)
gate_error_rate = _ours.as_metric(
    name="gate_error_rate",
    title="Errors of the gate",
    of="submissions",
    meaning="Of the goals submitted, the share that the gate could not take by its own fault.",
    unit="%",
    better=Better.LOW,
)
goal_latency = _run.as_metric(
    name="goal_latency",
    title="Run time, 95 %",
    of="runs",
    meaning="All but one goal in twenty that ran took at most so long, from the start of the last attempt to the end.",
    unit="s",
    better=Better.LOW,
)
gate_latency = _gate.as_metric(
    name="gate_latency",
    title="Time to verdict, 95 %",
    of="verdicts",
    meaning="All but one goal in twenty had the gate's verdict at most so long after it was submitted.",
    unit="s",
    better=Better.LOW,
)
