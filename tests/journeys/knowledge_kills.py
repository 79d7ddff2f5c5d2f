"""Has a batch of texts embedded and a large file imported on processes of its own, and kills them in the middle.

python -m tests.journeys.knowledge_kills FOLDER

Starts PostgreSQL, Redis, the worker and beat as `make run` does. The embedding model is a server here that takes its
time and remembers which texts it was asked for. While both are at work, the worker, PostgreSQL and Redis are killed;
then both are cancelled while they run, the worker is killed once more, and both are resumed. Prints one JSON object.
"""

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.journeys.parts import Laps, insist, kill, running, wait_until
from tests.llm.providers import vector_of

TEXTS, ROWS = 640, 320
PARTS = ("worker", "postgres", "redis")
MODEL, DIM = "slow-embedding", 8
# Of one request for a piece: long enough that each kill finds both at work.
SECONDS = 0.3
LEASE = "2"


class Model:
    """An embedding model behind HTTP that answers several callers at once, each after a while."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        lock, model = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
                time.sleep(SECONDS)
                with lock:
                    model.asked.update(texts)
                rows = [{"index": place, "embedding": vector_of(text, DIM)} for place, text in enumerate(texts)]
                answer = json.dumps({"object": "list", "data": rows, "model": MODEL}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                """A caller that was killed hangs up: that is what is tried here."""

        server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/v1"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()


def play(folder: Path, model: Model, laps: Laps) -> dict[str, Any]:
    from apps.accounts.models import Business
    from apps.knowledge.batching import create_batch
    from apps.knowledge.embedders import model_of
    from apps.knowledge.importing import import_file
    from apps.knowledge.indexing import ensure_collection
    from apps.knowledge.models import EmbeddingBatch, FileImport, Library
    from apps.llm.models import Provider

    shop = Business.objects.create(name="Kills", slug="kills")
    Provider.objects.create(
        business=shop, name="house", base_url=model.url, model=MODEL, kind="embedding", dim=DIM,
        timeout_seconds=20, retries=0,
    )  # fmt: skip
    Library.objects.create(business=shop, model=model_of(MODEL, shop.pk))
    ensure_collection(business_id=shop.pk, key="help", kind="snippets")
    texts = [(f"ref-{number}", text_of(number)) for number in range(TEXTS)]
    batch = create_batch(business_id=shop.pk, texts=texts, model=MODEL, actor="user:a")
    raw = "title,text\n" + "".join(f"Row {number},Answer {number} of the shop\n" for number in range(ROWS))
    work = import_file(business_id=shop.pk, collection="help", name="rows.csv", raw=raw.encode(), actor="user:a")

    def done(model: Any, pk: Any) -> int:
        found: int = insist(lambda: model.objects.values_list("done", flat=True).get(pk=pk))
        return found

    at_kill, seen = {}, Watch(lambda: (done(EmbeddingBatch, batch.pk), done(FileImport, work.pk)))
    for place, part in enumerate(PARTS):
        wanted = (TEXTS * (place + 1) // 8, ROWS * (place + 1) // 12)
        wait_until(lambda wanted=wanted: all(a >= b for a, b in zip(seen.look(), wanted, strict=True)), 60)
        at_kill[part] = seen.look()
        kill(folder, part)
        laps.lap(part)
    cancelled = stopped_and_resumed(folder, shop, batch, work, seen)
    laps.lap("cancel and resume")
    wait_until(lambda: seen.look() == (TEXTS, ROWS) and insist(lambda: ended(batch, work)), 120)
    laps.lap("the rest")
    return {"at_kill": at_kill, **cancelled, "went_back": seen.went_back, **found(shop, batch, work, model.asked)}


class Watch:
    """Looks at how far both are, and notes when one is less far than before."""

    def __init__(self, look: Any) -> None:
        self._look, self._last, self.went_back = look, (0, 0), 0

    def look(self) -> tuple[int, int]:
        now: tuple[int, int] = self._look()
        self.went_back += any(a < b for a, b in zip(now, self._last, strict=True))
        self._last = now
        return now


def text_of(number: int) -> str:
    return f"Text {number} of the batch, about parcels and refunds"


def ended(batch: Any, work: Any) -> bool:
    for one in (batch, work):
        one.refresh_from_db()
    return all(one.state == "done" for one in (batch, work))


def stopped_and_resumed(folder: Path, shop: Any, batch: Any, work: Any, seen: Watch) -> dict[str, Any]:
    """Cancel both while they are worked on, kill the worker, and resume them."""
    from apps.core.errors import StaleState
    from apps.knowledge.batching import cancel_batch, resume_batch
    from apps.knowledge.importing import cancel_import, resume_import

    def told(act: Any, **given: Any) -> None:
        try:
            act(business_id=shop.pk, actor="user:a", **given)
        except StaleState:
            """The database went away behind the commit, and the first try had done it."""

    before = seen.look()
    wait_until(lambda: all(a > b for a, b in zip(seen.look(), before, strict=True)), 60)
    insist(lambda: told(cancel_batch, batch_id=batch.pk))
    insist(lambda: told(cancel_import, import_id=work.pk))
    at_cancel = seen.look()
    kill(folder, "worker")
    threading.Event().wait(float(LEASE) + 0.5)
    after = seen.look()
    for one in (batch, work):
        insist(one.refresh_from_db)
    states = [batch.state, work.state]
    insist(lambda: told(resume_batch, batch_id=batch.pk))
    insist(lambda: told(resume_import, import_id=work.pk))
    return {"at_cancel": at_cancel, "after_cancel": after, "states": states}


def found(shop: Any, batch: Any, work: Any, asked: Counter[str]) -> dict[str, Any]:
    from apps.core.models import Event
    from apps.knowledge.models import BatchText, Chunk, Document, Vector
    from apps.knowledge.vectors import unpacked

    rows = list(BatchText.objects.filter(batch=batch).order_by("position"))
    of_rows = [key for key in asked if "of the shop" in key]
    return {
        "batch": [batch.state, batch.total, batch.done, batch.failed],
        "import": [work.state, work.total, work.done, work.failed, sum(work.counts.values()), work.content is None],
        "texts": len(rows),
        "positions": [row.position for row in rows] == list(range(TEXTS)),
        "wrong_vectors": sum(
            row.vector is None
            or abs(float(unpacked(row.vector) @ unit(vector_of(text_of(row.position), DIM))) - 1) > 1e-4
            for row in rows
        ),
        "asked_again_texts": sum(asked[text_of(number)] - 1 for number in range(TEXTS)),
        "asked_again_rows": sum(asked[key] - 1 for key in of_rows),
        "documents": Document.objects.filter(business=shop).count(),
        "titles": len(set(Document.objects.filter(business=shop).values_list("title", flat=True))),
        "chunks": Chunk.objects.filter(shelf=0, business=shop).count(),
        "vectors": Vector.objects.filter(shelf=0, business=shop).count(),
        "told_done": dict(Counter(Event.objects.filter(kind__endswith=".done").values_list("kind", flat=True))),
    }


def unit(row: Any) -> Any:
    import numpy as np

    vector = np.asarray(row, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    laps = Laps()
    with running(folder, (*PARTS, "beat"), KNOWLEDGE_LEASE_SECONDS=LEASE):
        import django

        django.setup()
        laps.lap("start")
        told = play(folder, Model(), laps)
    laps.lap("end")
    print(json.dumps(told | {"seconds": laps.seconds}))


if __name__ == "__main__":
    main()
