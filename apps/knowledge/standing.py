"""SELECTOR: where a business's chunks lie and what it calls its collections, remembered for a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.core.recall import Recall
from apps.knowledge.models import Collection, Library


@dataclass(frozen=True, slots=True)
class Shelved:
    """A collection: its id, key and kind."""

    id: UUID
    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class Standing:
    """model_id, model, dim: what is searched by. chunks, mean_tokens: when last counted."""

    business_id: UUID
    model_id: int
    model: str
    dim: int
    shelf: int
    languages: tuple[str, ...]
    chunks: int
    mean_tokens: float
    collections: tuple[Shelved, ...]

    def ids_of(self, keys: Sequence[str], kinds: Sequence[str]) -> list[UUID] | None:
        """The collections asked for, none of which may exist; None when all are."""
        if not keys and not kinds:
            return None
        return [
            one.id for one in self.collections if (not keys or one.key in keys) and (not kinds or one.kind in kinds)
        ]


def standing_of(business_id: UUID) -> Standing | None:
    """None for a business that has nothing indexed."""
    return _known.get([business_id], _look_up)[business_id]


def forget_standings() -> None:
    """Look them up anew, in this process."""
    _known.forget()


def _look_up(business_ids: list[UUID]) -> dict[UUID, Standing | None]:
    found: dict[UUID, Standing | None] = dict.fromkeys(business_ids)
    shelved: dict[UUID, list[Shelved]] = {}
    for row in Collection.objects.filter(business_id__in=business_ids).only("id", "key", "kind", "business_id"):
        shelved.setdefault(row.business_id, []).append(Shelved(row.pk, row.key, row.kind))
    for library in Library.objects.filter(business_id__in=business_ids).select_related("model"):
        found[library.business_id] = Standing(
            library.business_id, library.model_id, library.model.key, library.model.dim, library.shelf,
            tuple(library.languages), library.chunks, library.mean_tokens,
            tuple(shelved.get(library.business_id, ())),
        )  # fmt: skip
    return found


_known: Recall[UUID, Standing | None] = Recall()
