"""RULE: what happened to a feature, in words: an event of its trail as people read it."""

from collections.abc import Callable, Mapping
from typing import Any

Data = Mapping[str, Any]

_FIELDS = {
    "variants": "variants",
    "on_variant": "on variant",
    "off_variant": "off variant",
    "description": "description",
    "owner_id": "owner",
    "home_id": "home",
    "permanent": "permanent",
    "self_service": "self-service",
    "exposed": "exposed",
    "auto_advance": "asks by itself",
}


def told(kind: str, data: Data, business: str) -> str:
    """One sentence about an event. business: the name of the business it is about, where it is about one."""
    name = kind.partition(".")[2]
    words = _WORDS.get(name)
    if words is None:
        about = f": {business}" if business else ""
        return f"{name.replace('_', ' ').capitalize()}{about}"
    said = words(data, business or "a business that is gone")
    return said[:1].upper() + said[1:]


def why_of(data: Data) -> str:
    """The reason or the notes that somebody gave, if any."""
    return str(next((data[name] for name in ("reason", "notes", "override", "why", "note") if data.get(name)), ""))


def _step(data: Data) -> str:
    stages, shares = data.get("stages") or [0, 0], data.get("shares") or [0, 0]
    share = f" ({shares[1]} %)" if shares[1] else ""
    return f"stage {stages[1]}{share}"


def _added(data: Data, _: str) -> str:
    names = [str(name) for name in data.get("names") or []]
    count = int(data.get("count") or 0)
    more = f" and {count - len(names):,} more" if count > len(names) else ""
    return f"Turned on for {count:,} businesses at once: {', '.join(names)}{more}"


def _disabled(data: Data, business: str) -> str:
    return f"Turned off for {business}{', and held back' if data.get('held') else ''}"


def _default(data: Data, _: str) -> str:
    return f"Default set to {data.get('variant') or 'what the environment says'}"


def _edited(data: Data, _: str) -> str:
    return f"Edited: {', '.join(_FIELDS.get(name, str(name)) for name in data.get('changed') or [])}"


def _whom(data: Data, business: str) -> str:
    level = data.get("level")
    return "everybody" if level == "everything" else business if level == "business" else "those that got it lately"


def _businesses(data: Data) -> str:
    count = int(data.get("affected") or 0)
    return f"{count:,} business{'' if count == 1 else 'es'}"


def _guard(data: Data) -> str:
    base = " times the baseline" if data.get("relative") else ""
    side = str(data.get("comparison", "")).replace("_", " ")
    return f"{str(data.get('metric', '')).replace('_', ' ')} {side} {data.get('limit', 0):g}{base}"


def _stages(data: Data, _: str) -> str:
    count = int(data.get("stages") or 0)
    return f"Ladder of {count} stage{'s' if count != 1 else ''} set"


_WORDS: dict[str, Callable[[Data, str], str]] = {
    "created": lambda data, _: "Created",
    "edited": _edited,
    "archived": lambda data, _: "Archived",
    "restored": lambda data, _: "Restored",
    "enabled": lambda data, business: f"Turned on for {business}",
    "disabled": _disabled,
    "released": lambda data, business: f"{business} follows the rollout again",
    "default_set": _default,
    "businesses_added": _added,
    "ladder_set": _stages,
    "rolled_back": lambda data, business: f"Rolled back from {_whom(data, business)}: {_businesses(data)}",
    "rollback_rehearsed": lambda data, business: f"Rehearsed a rollback: {_businesses(data)}",
    "rollback_undone": lambda data, business: f"Undid the rollback from {_whom(data, business)}",
    "guard_added": lambda data, _: f"Guard added: {_guard(data)}",
    "guard_changed": lambda data, _: f"Guard changed: {_guard(data)}",
    "guard_armed": lambda data, _: f"Guard armed anew: {_guard(data)}",
    "guard_removed": lambda data, _: f"Guard removed: {_guard(data)}",
    "incident_opened": lambda data, _: f"Incident: {data.get('words', '')}",
    "incident_acknowledged": lambda data, _: "Looks after the incident",
    "incident_closed": lambda data, _: "Closed the incident",
    "advance_asked": lambda data, _: f"Asked to go to {_step(data)}",
    "advance_scheduled": lambda data, _: f"Approved to go to stage {data.get('to')} when it is due",
    "advanced": lambda data, _: f"Went to {_step(data)}",
    "advance_refused": lambda data, _: f"Refused to go to {_step(data)}",
    "advance_blocked": lambda data, _: f"Did not go to {_step(data)} when it was due",
    "advance_cancelled": lambda data, _: f"Withdrew the step to {_step(data)}",
}
