"""Index documents in a business that is thrown away afterwards, ask every question in every way, and compare."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.db import transaction

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.knowledge.evaluation.measures import Figure, figure, ndcg, recall, reciprocal_rank
from apps.knowledge.evaluation.reading import known
from apps.knowledge.evaluation.shapes import Question, Questions, Text, Unreadable
from apps.knowledge.indexing import NewDocument, ensure_collection, index_many
from apps.knowledge.models import Document
from apps.knowledge.searching import search
from apps.knowledge.standing import forget_standings
from apps.knowledge.terms_counting import count

AT_ONCE = 64
DEEP = 30  # passages asked for: several may be of one document
COLLECTION = "evaluated"


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to search. figures: by name. ms: median of a search, without the query's embedding."""

    way: str
    figures: Mapping[str, Figure]
    ms: float
    missed: tuple[str, ...]


def evaluate(given: Questions, ways: Sequence[str], told: Callable[[str], None] = lambda _: None) -> list[Measured]:
    """Of a file's own documents. Nothing stays: all happens in a transaction that is rolled back. Raises Unreadable."""
    given = known(given, {document.id for document in given.documents})
    with transaction.atomic():
        try:
            name = f"evaluation-{new_id().hex[-12:]}"
            business = Business.objects.create(name=name, slug=name)
            _index(business, given.documents, told)
            # Ids may be longer than a key, or have white space around them.
            ids = {str(number): document.id for number, document in enumerate(given.documents)}
            return [_measured(business, given.questions, way, told, ids.__getitem__) for way in ways]
        finally:
            transaction.set_rollback(True)
            forget_standings()


def evaluate_in(
    business: Business,
    given: Questions,
    ways: Sequence[str],
    collections: Sequence[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> list[Measured]:
    """Of what a business has indexed; relevant ids are keys of its documents. collections: only these (keys). Raises
    Unreadable."""
    rows = Document.objects.filter(business_id=business.pk)
    if collections:
        rows = rows.filter(collection__key__in=collections)
    wanted = {one for question in given.questions for one in question.relevant}
    there = set(rows.filter(key__in=wanted).order_by().values_list("key", flat=True))
    if not there:
        raise Unreadable(f"None of the relevant ids is the key of a document of {business.name}.")
    given = known(given, there)
    return [_measured(business, given.questions, way, told, str, collections) for way in ways]


def _index(business: Business, documents: Sequence[Text], told: Callable[[str], None]) -> None:
    ensure_collection(business_id=business.pk, key=COLLECTION)
    for start in range(0, len(documents), AT_ONCE):
        batch = [
            NewDocument(str(number), one.title, one.text)
            for number, one in enumerate(documents[start : start + AT_ONCE], start)
        ]
        index_many(business_id=business.pk, collection=COLLECTION, documents=batch)
        told(f"{min(start + AT_ONCE, len(documents))} of {len(documents)} documents indexed")
    count(business.pk)


def _measured(
    business: Business,
    questions: Sequence[Question],
    way: str,
    told: Callable[[str], None],
    id_of: Callable[[str], str],
    collections: Sequence[str] = (),
) -> Measured:
    mode, again = way.removesuffix("+"), way.endswith("+")
    took, rows, missed = [], [], []
    for question in questions:
        found = search(
            business_id=business.pk, query=question.text, mode=mode, limit=DEEP, rerank=again, collections=collections
        )
        took.append(found.took_ms - found.embed_ms)
        # A document counts where the first of its passages stands.
        keys = list(dict.fromkeys(id_of(passage.key) for passage in found.passages))
        rows.append(_figures(keys, question.relevant))
        if rows[-1]["recall@10"] == 0:
            missed.append(question.id)
    told(f"{way}: {len(questions)} questions asked")
    names = rows[0]
    return Measured(way, {one: figure([row[one] for row in rows]) for one in names}, median(took), tuple(missed))


def _figures(found: Sequence[str], relevant: Mapping[str, float]) -> dict[str, float]:
    return {
        "recall@1": recall(found, relevant, 1),
        "recall@5": recall(found, relevant, 5),
        "recall@10": recall(found, relevant, 10),
        "MRR@10": reciprocal_rank(found, relevant),
        "nDCG@10": ndcg(found, relevant),
    }
