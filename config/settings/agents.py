"""Agents, workflows and trust: what of them an installation sets."""

import environ

env = environ.Env()

# --- Agents and tools -------------------------------------------------------------------------------------------------

# What agents and tools of kind "python" may be, besides the entry points that installed packages declare in the groups
# gatehouse.agents and gatehouse.tools: by name, "module:function". Nobody can type an import path into a form.
AGENT_ENTRY_POINTS: dict[str, str] = env.json("AGENT_ENTRY_POINTS", default={})
TOOL_ENTRY_POINTS: dict[str, str] = env.json("TOOL_ENTRY_POINTS", default={})
# After so many failures in a row an agent or tool is left in peace for so many seconds; then one call finds out.
AGENT_BREAKER_FAILURES = env.int("AGENT_BREAKER_FAILURES", default=5)
AGENT_BREAKER_SECONDS = env.float("AGENT_BREAKER_SECONDS", default=30.0)
# USD for a million tokens, where the provider does not tell what a call cost. 0: the agent's price hint counts.
LLM_INPUT_PRICE = env.float("LLM_INPUT_PRICE", default=0.0)
LLM_OUTPUT_PRICE = env.float("LLM_OUTPUT_PRICE", default=0.0)

# --- Workflows --------------------------------------------------------------------------------------------------------

# Steps wait for agents most of their time, so they have a worker of their own whose threads wait side by side.
CELERY_TASK_ROUTES = {"apps.workflows.tasks.work_steps": {"queue": "steps"}}
