"""RULE: what each role of a business may do, and what an API key may be scoped to."""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    OWNER = "owner"


class Scope(StrEnum):
    GOALS_READ = "goals:read"
    GOALS_WRITE = "goals:write"
    APPROVALS_READ = "approvals:read"
    APPROVALS_WRITE = "approvals:write"
    APPROVALS_DECIDE = "approvals:decide"
    WEBHOOKS_MANAGE = "webhooks:manage"
    AUDIT_READ = "audit:read"
    GATE_TUNE = "gate:tune"
    FLAGS_EVALUATE = "flags:evaluate"
    PILOTS_MANAGE = "pilots:manage"
    AGENTS_READ = "agents:read"
    AGENTS_MANAGE = "agents:manage"
    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    TRUST_READ = "trust:read"
    TRUST_WRITE = "trust:write"
    KNOWLEDGE_READ = "knowledge:read"
    KNOWLEDGE_WRITE = "knowledge:write"
    EMBEDDINGS_CREATE = "embeddings:create"
    DRAFTS_READ = "drafts:read"
    DRAFTS_WRITE = "drafts:write"
    USAGE_READ = "usage:read"


_RANK = {Role.VIEWER: 0, Role.REVIEWER: 1, Role.ADMIN: 2, Role.OWNER: 3}

_SCOPES_OF = {
    Role.VIEWER: {
        Scope.GOALS_READ,
        Scope.APPROVALS_READ,
        Scope.FLAGS_EVALUATE,
        Scope.AGENTS_READ,
        Scope.WORKFLOWS_READ,
        Scope.TRUST_READ,
        Scope.KNOWLEDGE_READ,
        Scope.DRAFTS_READ,
    },
    Role.REVIEWER: {Scope.APPROVALS_DECIDE},
    Role.ADMIN: {
        Scope.GOALS_WRITE,
        Scope.APPROVALS_WRITE,
        Scope.WEBHOOKS_MANAGE,
        Scope.AUDIT_READ,
        Scope.GATE_TUNE,
        Scope.PILOTS_MANAGE,
        Scope.AGENTS_MANAGE,
        Scope.WORKFLOWS_WRITE,
        Scope.TRUST_WRITE,
        Scope.KNOWLEDGE_WRITE,
        Scope.EMBEDDINGS_CREATE,
        Scope.DRAFTS_WRITE,
        Scope.USAGE_READ,
    },
    Role.OWNER: set(),
}


def at_least(role: str | None, needed: str) -> bool:
    """Whether `role` is `needed` or above it; None is below every role."""
    return role is not None and _RANK[Role(role)] >= _RANK[Role(needed)]


def scopes_of(role: str | None) -> frozenset[str]:
    """The API scopes a person of this role has in the browser session."""
    return frozenset(scope.value for held, scopes in _SCOPES_OF.items() if at_least(role, held) for scope in scopes)


def may_manage(role: str | None, *roles_concerned: str) -> bool:
    """Whether a person of this role may give or take these roles: admins manage everybody but owners."""
    needed = Role.OWNER if Role.OWNER in roles_concerned else Role.ADMIN
    return at_least(role, needed)
