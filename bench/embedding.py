"""Time of the local embeddings on one core: whole texts through MiniLM, words through its table, hits in the cache.

python -m bench.embedding
"""

import time
from collections.abc import Callable

from apps.goals.reading import words_of
from apps.llm.embedding import CachedEmbedder, get_embedder
from apps.llm.minilm import MiniLM
from bench.texts import goals

TEXTS = 100


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    texts = goals(TEXTS)
    words = [[word.text for word in words_of(text)] for text in texts]
    start = time.perf_counter()
    model = MiniLM()
    print(f"MiniLM, reading the weights {(time.perf_counter() - start) * 1e3:8.0f} ms")
    cached = CachedEmbedder(model)
    model.embed(texts[:3])
    print(f"MiniLM, a whole text        {_timed(lambda: cached.embed(texts)) / TEXTS * 1e6:8.0f} us")
    print(
        f"the same from the cache     {_timed(lambda: [cached.embed([text]) for text in texts]) / TEXTS * 1e6:8.0f} us"
    )
    table = get_embedder()
    table.vectors(["warm"])
    print(f"words of a text, first time {_timed(lambda: [table.vectors(one) for one in words]) / TEXTS * 1e6:8.0f} us")
    print(f"words of a text, again      {_timed(lambda: [table.vectors(one) for one in words]) / TEXTS * 1e6:8.0f} us")


if __name__ == "__main__":
    main()
