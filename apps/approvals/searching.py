"""SELECTOR: find requests by words or by the beginning of an id, fast among a million and blind to other businesses."""

import re
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Q, QuerySet

from apps.approvals.models import ApprovalRequest

# More matches than this are found sooner by walking the list in its order than by sorting them.
MOST_MATCHES = 500
_ID_START = re.compile(r"^[0-9a-f]{8}[0-9a-f-]{0,28}$", re.IGNORECASE)


def matching(rows: QuerySet[ApprovalRequest], text: str, *, waiting: bool) -> QuerySet[ApprovalRequest]:
    """The rows in which every word of `text` begins a word of title, reason or requester; or whose id begins so.

    waiting: whether `rows` are those that wait or those that ended. Asks the database once for rare words.
    """
    text = text.replace("\x00", "").strip()[:200]
    if not text:
        return rows
    if _ID_START.match(text):
        return rows.filter(_of_id(text.replace("-", "").lower()[:32]))
    words = _prefixes(text)
    if not words:
        return rows.none()
    ids = _few_matching(words, waiting)
    if ids is None:
        return rows.filter(search=SearchQuery(words, search_type="raw", config="simple"))
    return rows.filter(pk__in=ids)


def _of_id(digits: str) -> Q:
    if len(digits) == 32:
        return Q(pk=UUID(digits)) | Q(subject_id=UUID(digits))
    return Q(pk__gte=UUID(digits.ljust(32, "0")), pk__lte=UUID(digits.ljust(32, "f")))


def _prefixes(text: str) -> str:
    """A tsquery in which each word, quoted, may go on."""
    words = (word.replace("\\", "").replace("'", " ") for word in text.replace("-", " ").split())
    return " & ".join(f"'{word}':*" for word in words if any(letter.isalnum() for letter in word))


def _few_matching(words: str, waiting: bool) -> list[UUID] | None:
    """The ids in the current business, or None when there are more than MOST_MATCHES."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT approvals_matching(%s, %s, %s)", [words, waiting, MOST_MATCHES])
        found: list[UUID] | None = cursor.fetchone()[0]
    return found
