"""Partitions and their indexes, as they are made while everything runs. For workers, who own the tables."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from apps.core.migration_ops import APP_ROLE, CURRENT_BUSINESS
from apps.knowledge.shelf_functions import create_functions, drop_functions

LARGEST_INDEXED = 4000  # numbers in a vector; pgvector's limit for halfvec
# Of HNSW (Malkov and Yashunin 2018): neighbours of a node, candidates while building.
M, EF_CONSTRUCTION = 16, 64


_OPTIONS = {"knowledge_chunk": "", "knowledge_vector": "WITH (toast_tuple_target = 8160)"}


def make_shelf() -> int:
    """Partitions for one more business; their number. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 + max(substring(relname FROM '[0-9]+$')::integer) FROM pg_class"
            " JOIN pg_inherits ON inhrelid = pg_class.oid WHERE inhparent = 'knowledge_chunk'::regclass"
        )
        number: int = cursor.fetchone()[0]
    make_tables(number)
    attach(number)
    return number


def make_tables(number: int) -> None:
    """Tables like those of the other shelves, secured like them, without indexes."""
    with connection.cursor() as cursor:
        for table, options in _OPTIONS.items():
            name = f"{table}_{number:d}"
            cursor.execute(
                f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING STORAGE) {options};"
                f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;"
                f"CREATE POLICY of_current_business ON {name} FOR ALL TO {APP_ROLE}"
                f" USING (business_id = {CURRENT_BUSINESS}) WITH CHECK (business_id = {CURRENT_BUSINESS});"
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}"
            )


def attach(number: int) -> None:
    """Make the tables partitions, with all indexes but those of vectors. Stops nobody who reads or writes others."""
    with connection.cursor() as cursor:
        cursor.execute(create_functions(number))
        for table in _OPTIONS:
            cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_{number:d} FOR VALUES IN ({number:d})")


def drop_shelf(number: int) -> None:
    """Take a shelf away that no library names any more."""
    with connection.cursor() as cursor:
        cursor.execute(drop_functions(number))
        cursor.execute(f"DROP TABLE IF EXISTS knowledge_vector_{number:d}, knowledge_chunk_{number:d}")


def index_vectors(shelf: int) -> None:
    """See that the vectors of each model on this shelf have their index, and the planner its statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT m.id, m.dim FROM knowledge_embeddingmodel m WHERE EXISTS"
            f" (SELECT FROM knowledge_vector_{shelf:d} v WHERE v.model_id = m.id)"
        )
        models = cursor.fetchall()
        for model_id, dim in models:
            if dim <= LARGEST_INDEXED:
                index_model(shelf, model_id, dim)
        cursor.execute(f"ANALYZE knowledge_vector_{shelf:d}")
        cursor.execute(f"ANALYZE knowledge_chunk_{shelf:d}")


def index_model(shelf: int, model_id: int, dim: int) -> None:
    """One HNSW index over the vectors of one model; built anew where a killed process left half of one."""
    name = index_name(shelf, model_id)
    # Within a transaction (tests) it cannot be built beside writers.
    beside = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor, _memory():
        cursor.execute(
            "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = %s", [name]
        )
        found = cursor.fetchone()
        if found and found[0]:
            return
        if found:
            cursor.execute(f"DROP INDEX {beside} IF EXISTS {name}")
        cursor.execute(
            f"CREATE INDEX {beside} {name} ON knowledge_vector_{shelf:d} USING hnsw"
            f" ((embedding::halfvec({dim:d})) halfvec_ip_ops) WITH (m = {M}, ef_construction = {EF_CONSTRUCTION})"
            f" WHERE model_id = {model_id:d}"
        )


def unindex_model(shelf: int, model_id: int) -> None:
    """Drop the index over a model's vectors."""
    beside = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {beside} IF EXISTS {index_name(shelf, model_id)}")


def index_name(shelf: int, model_id: int) -> str:
    return f"knowledge_vector_{shelf:d}_m{model_id:d}"


def shelves() -> list[int]:
    """Every shelf there is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid"
            " WHERE inhparent = 'knowledge_chunk'::regclass"
        )
        return sorted(int(re.sub(r"\D", "", name)) for (name,) in cursor.fetchall())


@contextmanager
def _memory() -> Iterator[None]:
    """An index that is built within memory is built many times faster."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [settings.KNOWLEDGE_INDEX_MEMORY])
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("RESET maintenance_work_mem")
