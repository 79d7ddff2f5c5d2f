"""What a feature answers whom: the same everywhere and for ever, fair, and independent of every other feature."""

import json
import os
import random
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2_contingency

from apps.pilots.kinds import ON_OFF
from apps.pilots.rollout import BUCKETS, Flag, FlagTerms, Reason, bucket_of, cut_of, flag_of

KEYS = 100_000
SHARES = [1, 10, 25, 50, 100]
# The chance that a fair hash falls outside: the keys are fixed, so it either always does or never.
ALPHA = 1e-9

features = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,30}", fullmatch=True)
keys = st.text(st.characters(codec="utf-8"), max_size=60)
shares = st.integers(0, 100)


def flag(key: str = "RAG_PILOT", **terms: Any) -> Flag:
    return flag_of(FlagTerms(key=key, **{"variants": ON_OFF, "on_variant": "on", "off_variant": "off"} | terms))


def at(share: int, key: str = "RAG_PILOT", **terms: Any) -> Flag:
    return flag(key, default_variant="off", share=share, **terms)


@cache
def random_ids(count: int) -> list[str]:
    drawn = random.Random(4)
    return [str(UUID(int=drawn.getrandbits(128), version=4)) for _ in range(count)]


@cache
def ids_in_a_row(count: int) -> list[str]:
    """Ids as a database gives them: alike but for their last figures."""
    return [str(UUID(int=0x019AB12E_7C00_7000_8000_000000000000 + n)) for n in range(count)]


@cache
def names_in_a_row(count: int) -> list[str]:
    return [f"user-{n}" for n in range(count)]


# --- The same everywhere ---------------------------------------------------------------------------------------------

GOLDEN = {
    "RAG_PILOT": [1545588020, 1722247338, 1413003671, 2942012677],
    "checkout.v2": [3899912570, 4221733524, 3520230034, 664655823],
}
ASKED = ["", "01a1fd5e-0000-7000-8000-000000000001", "user-42", "Zoë 🌍"]


def buckets(key: str) -> list[int]:
    return [round(bucket_of(key, asked) / 100 * BUCKETS) for asked in ASKED]


@pytest.mark.parametrize("key", GOLDEN)
def test_buckets_are_what_they_have_always_been(key: str) -> None:
    assert buckets(key) == GOLDEN[key]


ELSEWHERE = """
import json, sys
from apps.pilots.rollout import BUCKETS, bucket_of
asked, features = json.loads(sys.argv[1])
print(json.dumps({key: [round(bucket_of(key, one) / 100 * BUCKETS) for one in asked] for key in features}))
"""


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_another_process_has_the_same_buckets(seed: str) -> None:
    command = [sys.executable, "-c", ELSEWHERE, json.dumps([ASKED, list(GOLDEN)])]
    found = subprocess.run(
        command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
    )
    assert json.loads(found.stdout) == GOLDEN


@given(features, keys, shares)
def test_it_answers_the_same_every_time_and_as_the_bucket_says(key: str, asked: str, share: int) -> None:
    answers = [at(share, key).answer(asked) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0].on == (bucket_of(key, asked) < share)


# --- Widening --------------------------------------------------------------------------------------------------------


@given(features, keys, shares, shares)
def test_widening_takes_the_feature_from_nobody(key: str, asked: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert at(low, key).answer(asked).on <= at(high, key).answer(asked).on


@given(features, keys)
def test_nobody_is_in_at_0_and_everybody_at_100(key: str, asked: str) -> None:
    assert not at(0, key).answer(asked).on
    assert at(100, key).answer(asked).on


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("made", [random_ids, ids_in_a_row, names_in_a_row])
@pytest.mark.parametrize("key", ["RAG_PILOT", "checkout.v2"])
def test_a_share_is_the_share_of_them(key: str, made: Callable[[int], list[str]], share: int) -> None:
    asked = at(share, key)
    inside = sum(asked.answer(one).on for one in made(KEYS))
    low, high = binom.interval(1 - ALPHA, KEYS, share / 100)
    assert low <= inside <= high


def test_the_last_bucket_is_out_at_99_and_in_at_100() -> None:
    assert cut_of(99) <= BUCKETS - 1 < cut_of(100) == BUCKETS


# --- Independence ----------------------------------------------------------------------------------------------------

LOOKED_AT = random_ids(20_000)
# As long as each other, as the keys of one project often are.
LIKE = [f"FEATURE_{letter}" for letter in "ABCDEFGHIJ"]


def dependence(inside: Callable[[str, str, int], bool]) -> list[float]:
    """For each pair of features, the chance that what is found between them at 10 and 50 % is chance (chi-square)."""
    found = []
    members = {(key, share): [inside(key, asked, share) for asked in LOOKED_AT] for key in LIKE for share in (10, 50)}
    for one, other in combinations(LIKE, 2):
        table = [[1, 1], [1, 1]]
        for first, second in zip(members[one, 10], members[other, 50], strict=True):
            table[first][second] += 1
        found.append(chi2_contingency(table, correction=False).pvalue)
    return found


def test_features_are_independent_of_each_other() -> None:
    chances = dependence(lambda key, asked, share: bucket_of(key, asked) < share)
    # The least of so many (Bonferroni).
    assert min(chances) * len(chances) > 1e-4


def test_crc32_would_not_be() -> None:
    def inside(key: str, asked: str, share: int) -> bool:
        return zlib.crc32(f"{key}:{asked}".encode()) < cut_of(share)

    chances = dependence(inside)
    assert sum(chance < 1e-12 for chance in chances) > len(chances) / 2


# --- What comes first ------------------------------------------------------------------------------------------------


@given(
    held=st.booleans(), listed=st.booleans(), serves=st.booleans(), share=shares, default_on=st.booleans(), asked=keys
)
def test_held_back_beats_list_beats_share_beats_default(
    held: bool, listed: bool, serves: bool, share: int, default_on: bool, asked: str
) -> None:
    found = flag(
        default_variant="on" if default_on else "off",
        share=share,
        serves=serves,
        listed=[asked] if listed else ["somebody else"],
        held=[asked] if held else ["another one"],
    ).answer(asked)
    if held:
        expected = (False, Reason.TARGETING_MATCH)
    elif listed and serves:
        expected = (True, Reason.TARGETING_MATCH)
    elif bucket_of("RAG_PILOT", asked) < share:
        expected = (True, Reason.STATIC if share == 100 else Reason.SPLIT)
    else:
        expected = (default_on, Reason.SPLIT if share else Reason.DEFAULT)
    if asked not in ("somebody else", "another one"):
        assert (found.on, found.reason) == expected
        assert found.value is found.on


@given(keys, shares, st.booleans())
def test_an_archived_feature_is_off_for_everybody(asked: str, share: int, default_on: bool) -> None:
    found = at(share, listed=[asked], archived=True).answer(asked)
    assert (found.on, found.value, found.reason) == (False, False, Reason.DISABLED)


def test_a_default_of_on_is_for_all_but_those_held_back() -> None:
    asked = flag(default_variant="on", held=["held"])
    assert asked.answer("anybody").on
    assert not asked.answer("held").on


def test_variants_are_given_as_they_are() -> None:
    variants = {"small": {"rows": 10, "of": [1, 2]}, "large": {"rows": 99.5, "of": []}, "none": {}}
    asked = flag(
        variants=variants, on_variant="large", off_variant="none", default_variant="small", listed=["a"], held=["b"]
    )
    assert [asked.answer(key).value for key in "abc"] == [variants["large"], variants["none"], variants["small"]]
    assert [asked.answer(key).on for key in "abc"] == [True, False, False]


@given(
    st.one_of(st.booleans(), st.text(st.characters(codec="utf-8")), st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9))
)
def test_the_wire_says_the_same(value: Any) -> None:
    answer = flag(variants={"on": value, "off": value}, default_variant="off").answer("somebody")
    assert json.loads(answer.wire) == {"key": "RAG_PILOT", "value": value, "variant": "off", "reason": "DEFAULT"}
    assert type(json.loads(answer.wire)["value"]) is type(value)


def test_only_who_asks_is_noticed() -> None:
    asked = at(50)
    asked.peek("somebody")
    assert not asked.seen
    asked.answer("somebody")
    assert asked.seen
    asked.peek("somebody")
    assert asked.seen
