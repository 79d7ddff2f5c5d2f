import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.llm.embedding import CachedEmbedder, get_embedder
from apps.llm.minilm import DIM, MAX_TOKENS, MiniLM


class Counting:
    """A small embedder that counts what it is given."""

    name, dim = "counting", 2

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.seen += texts
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32).reshape(-1, 2)


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM()


def test_it_agrees_with_the_published_similarities_of_the_model(model):
    """The three figures of the model's own page, from the reference implementation."""
    rows = model.embed(
        [
            "That is a happy person",
            "That is a happy dog",
            "That is a very happy person",
            "Today is a sunny day",
        ]
    )
    assert rows[1:] @ rows[0] == pytest.approx([0.695, 0.943, 0.257], abs=0.001)


def test_rows_are_normalised_and_in_order(model):
    texts = ["", "a", "a longer text, with punctuation!", "word " * 2000]
    rows = model.embed(texts)
    assert rows.shape == (4, DIM)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert model.embed(texts[2:3])[0] == pytest.approx(rows[2], abs=1e-5)


def test_what_is_beyond_the_longest_text_does_not_count(model):
    long = "word " * (MAX_TOKENS + 50)
    one, other = model.embed([long, long + "different ending"])
    assert one == pytest.approx(other, abs=1e-6)


def test_threads_get_what_one_thread_gets(model):
    texts = [f"goal number {number} about orders" for number in range(24)]
    alone = model.embed(texts)
    with ThreadPoolExecutor(4) as pool:
        together = np.concatenate(list(pool.map(lambda text: model.embed([text]), texts)))
    assert together == pytest.approx(alone, abs=1e-5)


def test_a_text_is_embedded_once_and_the_oldest_is_forgotten():
    inner = Counting()
    cache = CachedEmbedder(inner, size=2)
    assert cache.embed(["one", "three", "one"])[:, 0].tolist() == [3, 5, 3]
    cache.embed(["one"])
    assert inner.seen == ["one", "three"]
    cache.embed(["seven"])
    cache.embed(["one", "three"])
    assert inner.seen == ["one", "three", "seven", "three"]
    assert (cache.hits, cache.misses) == (2, 4)


def test_no_texts_give_no_rows():
    assert CachedEmbedder(Counting()).embed([]).shape == (0, 2)


def test_a_row_can_be_changed_without_harming_the_cache():
    cache = CachedEmbedder(Counting())
    cache.embed(["one"])[:] = 0
    assert cache.embed(["one"])[0, 0] == 3


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=12))
def test_every_word_has_a_vector_of_length_one(words):
    rows = get_embedder().vectors(words)
    assert rows.shape == (len(words), DIM)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(words)), abs=1e-4)
    assert all(0.0 < one <= 1.0 for one in get_embedder().familiarity(words))


def test_words_of_like_meaning_are_nearer():
    refund, reimburse, banana = get_embedder().vectors(["refund", "reimburse", "banana"])
    assert refund @ reimburse > refund @ banana + 0.2


def test_importing_the_rules_reads_no_weights():
    code = "import apps.goals.preparing, sys; print({'tokenizers', 'safetensors'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
