"""ACT: put another payload in the place of the one that was asked for, if it passes what the first had to pass."""

from dataclasses import asdict, dataclass
from typing import Any

import jsonschema
from django.conf import settings
from django.utils.module_loading import import_string
from jsonschema.exceptions import UnknownType, best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from apps.approvals.models import ApprovalRequest
from apps.approvals.payloads import changes, payload_hash, problem_of
from apps.approvals.recording import record_change
from apps.approvals.verdicts import EditVerdict
from apps.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Edit:
    """A payload that may be put in place, and what the checks say of it."""

    payload: dict[str, Any]
    payload_hash: str
    verdict: EditVerdict


def check_edit(request: ApprovalRequest, payload: Any) -> Edit | None:
    """Run the checks of the kind (settings.EDIT_CHECKS) on an edited payload; None when it is the same as before.

    Raises Invalid: not a payload, against the schema, or not allowed by the checks.
    """
    if problem := problem_of(payload):
        raise Invalid("payload", problem)
    fresh = payload_hash(payload)
    if fresh == request.payload_hash:
        return None
    check_against_schema(payload, request.payload_schema)
    path = settings.EDIT_CHECKS.get(request.kind)
    verdict: EditVerdict = import_string(path)(request, payload) if path else EditVerdict(allowed=True)
    if not verdict.allowed:
        raise Invalid("payload", verdict.reason or "The edited payload does not pass the checks")
    return Edit(payload, fresh, verdict)


def apply_edit(request: ApprovalRequest, edit: Edit, *, actor: str) -> None:
    """Write a checked edit to a row that is locked. Approvals of the version before count no more."""
    before, old_hash = request.payload, request.payload_hash
    if request.original is None:
        request.original = before
    request.payload, request.payload_hash = edit.payload, edit.payload_hash
    request.version += 1
    verdict = edit.verdict
    if verdict.confidence is not None:
        request.confidence = verdict.confidence
    if verdict.factors is not None:
        request.factors = list(verdict.factors)
    if verdict.checks is not None:
        request.checks = verdict.checks
    request.save(update_fields=["payload", "payload_hash", "original", "version", "confidence", "factors", "checks"])
    changed = [asdict(change) for change in changes(before, edit.payload)]
    record_change("approval.edited", request, actor, payload_hash_before=old_hash, changes=changed)


def check_against_schema(payload: Any, schema: dict[str, Any]) -> None:
    """Raises Invalid naming the first field that breaks the schema."""
    if not schema:
        return
    try:
        error = best_match(_Validator(schema, registry=Registry()).iter_errors(payload))
    except (Unresolvable, UnknownType, RecursionError):
        raise Invalid(
            "payload_schema", "The schema cannot be followed: it points outside of itself or in a circle"
        ) from None
    if error is not None:
        path = ".".join(["payload", *(str(step) for step in error.absolute_path)])
        raise Invalid(path, error.message[:300])


def check_schema(schema: dict[str, Any]) -> None:
    """Raises Invalid for what is not a JSON Schema of the 2020-12 draft."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except (jsonschema.SchemaError, RecursionError) as error:
        raise Invalid("payload_schema", str(getattr(error, "message", error))[:300]) from None


def _ignore(*_: Any) -> None:
    return None


def _additional(validator: Any, allowed: Any, instance: Any, schema: dict[str, Any]) -> Any:
    if "patternProperties" not in schema:
        yield from _PLAIN(validator, allowed, instance, schema) or ()


# Schemas come from programs. References are never fetched (the registry is empty), and regular expressions not run,
# because some take for ever: a person sees the value anyway.
_PLAIN = jsonschema.Draft202012Validator.VALIDATORS["additionalProperties"]
_Validator = extend(
    jsonschema.Draft202012Validator,
    {"pattern": _ignore, "patternProperties": _ignore, "additionalProperties": _additional},
)
