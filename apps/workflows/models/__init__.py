"""Workflows of a business in their versions, and their runs: stages and steps, each a durable row."""

from apps.workflows.models.definitions import Workflow, WorkflowVersion
from apps.workflows.models.runs import Run, Stage, Step

__all__ = ["Run", "Stage", "Step", "Workflow", "WorkflowVersion"]
