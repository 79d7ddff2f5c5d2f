"""ACT: what adding and changing agents and tools have in common: checks of their fields, and the audit trail."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.agents.acceptance import Errors
from apps.agents.asking_http import seal_headers
from apps.agents.models import Agent, Tool
from apps.core.bodies import check_storable
from apps.core.errors import Invalid
from apps.core.events import record
from apps.core.outbound import check_url

# What the trail shows of a value before and after.
LONGEST_TOLD = 200


def check_fields(rule: Callable[..., Errors], kind: Any, given: Mapping[str, Any], *, new: bool) -> None:
    """Raises Invalid with all that is wrong: by the rule, what cannot be stored, an address that may not be called."""
    for name, value in given.items():
        check_storable(value, name)
    errors = rule(kind, given, new=new)
    if given.get("url"):
        try:
            check_url(given["url"])
        except Invalid as error:
            errors = errors + error.errors
    if errors:
        raise Invalid(errors=errors)


def alter(owner: Agent | Tool, changes: Mapping[str, Any], actor: str) -> None:
    """Write the changes and tell of them. Call in a transaction that holds the row."""
    if not changes:
        return
    told = {name: [_told(getattr(owner, name)), _told(value)] for name, value in changes.items()}
    stored = dict(changes)
    if "headers" in changes:
        told["headers"] = ["(secret)", "(secret)"]
        stored["headers"] = seal_headers(changes["headers"])
    type(owner)._default_manager.filter(pk=owner.pk).update(**stored)
    tell(owner, "changed", actor, changes=told)
    owner.refresh_from_db()


def tell(owner: Agent | Tool, what: str, actor: str, **data: Any) -> None:
    """Write the audit event agent.<what> or tool.<what>. Call in the transaction of the change."""
    name, called = ("agent", {"key": owner.key}) if isinstance(owner, Agent) else ("tool", {"name": owner.name})
    record(
        kind=f"{name}.{what}",
        subject_type=name,
        subject_id=owner.pk,
        business_id=owner.business_id,
        actor=actor,
        **called,
        **data,
    )


def _told(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 1]}…"
