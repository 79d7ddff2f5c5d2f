"""EDGE: patterns, reviewers, comparisons, the what-if and health as the API answers them (schemas_patterns.py)."""

from dataclasses import asdict
from typing import Any

from apps.trust.comparing import HeadToHead
from apps.trust.fitness import AgentRate
from apps.trust.health import Health
from apps.trust.models import Pattern
from apps.trust.patterns import Moment
from apps.trust.reviewing import Reviewers
from apps.trust.whatif import Plan, WhatIf


def pattern_of(row: Pattern) -> dict[str, Any]:
    return {
        "pattern_id": row.pk,
        "category": row.category,
        "name": row.name,
        "type": row.type,
        "agents": row.agent_keys,
        "participating_agents": len(row.agent_keys) or (row.place if row.category == "consensus" else 0),
        "state": row.state,
        "success_rate": row.rate,
        "low": row.low,
        "high": row.high,
        "base_rate": row.base_rate,
        "outcomes": row.trials,
        "q_value": row.q_value,
        "strength": row.strength,
        "found_at": row.found_at,
        "last_confirmed": row.confirmed_at,
        "retired_at": row.retired_at if row.state == Pattern.State.RETIRED else None,
    }


def moment_of(moment: Moment) -> dict[str, Any]:
    return {"at": moment.at, "what": moment.what, "rate": moment.rate, "outcomes": moment.trials}


def reviewers_answer(found: Reviewers) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in ("items", "judgements", "enough", "words")}
    return {**shown, "results": [asdict(row) for row in found.rows]}


def head_to_head_answer(found: HeadToHead) -> dict[str, Any]:
    rows = []
    for row in found.rows:
        facts = asdict(row)
        facts["agent"] = facts.pop("key")
        del facts["agent_id"]
        rows.append(facts)
    shown = {name: getattr(found, name) for name in ("contests", "enough", "words")}
    return {**shown, "results": rows, "pairs": [asdict(pair) for pair in found.pairs]}


def what_if_answer(found: WhatIf) -> dict[str, Any]:
    return {
        "since": found.since,
        "recommendations": found.asked,
        "words": found.words,
        "now": _plan(found.now),
        "then": _plan(found.then),
        "results": [
            {
                "agent": row.key,
                "name": row.name,
                "lane": row.lane,
                "before": row.before,
                "off_since": row.off_since,
                "recommendations": row.asked,
                "share": row.share,
                "approval": _approval(row.approval),
            }
            for row in found.rows
        ],
    }


def health_answer(found: Health) -> dict[str, Any]:
    return {
        "at": found.at,
        "state": found.state.value,
        "figures": [asdict(one) | {"state": one.state.value} for one in found.figures],
        "approvals": [{"agent": one.key, "name": one.name, **(_approval(one) or {})} for one in found.approvals],
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "thresholds": asdict(plan.thresholds),
        "lanes": [
            {"lane": one.lane, "recommendations": one.asked, "share": one.share, "approval": _approval(one.approval)}
            for one in plan.lanes
        ],
    }


def _approval(rate: AgentRate | None) -> dict[str, float] | None:
    return None if rate is None else {"rate": rate.rate, "low": rate.low, "high": rate.high, "outcomes": rate.judged}
