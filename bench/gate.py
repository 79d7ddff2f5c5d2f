"""Speed of the gate on one core: the rules on prepared facts, and preparing against the embedder's own time.

    python -m bench.gate            prints figures and ratios; exits 1 when an aim is missed

Aims: at least 25,000 goals/s through six checks, confidence and gate; preparing a goal with five tools seen
before at most 20 ms, and at most 1.3 x the time MiniLM takes to embed the goal's text, which is done once in preparing.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from apps.goals.assessment import assess
from apps.goals.facts import GoalFacts
from apps.goals.gate import Switches, Thresholds
from apps.goals.preparing import prepare_facts
from apps.llm.embedding import get_embedder
from bench.texts import TOOLS, goals

RULES_AIM = 25_000  # goals/s
PREPARING_AIM = 1.3  # times the embedder's own time
PREPARING_MS = 20.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rules_per_second(facts: list[GoalFacts], seconds: float) -> float:
    """Best of a few rounds: goals judged per second, no text and no network touched."""
    thresholds, switches = Thresholds(), Switches()

    def judge_all() -> None:
        for one in facts:
            assess(one, thresholds=thresholds, switches=switches, own_confidence=0.8)

    return len(facts) / _best(judge_all, seconds)


def _best(work: Callable[[], object], seconds: float) -> float:
    """Shortest time of one call, over calls that last `seconds` together (at least three)."""
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goals", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    texts, embedder = goals(options.goals), get_embedder()

    def prepare() -> list[GoalFacts]:
        return [prepare_facts(goal=text, tools=TOOLS, embedder=embedder, now=NOW) for text in texts]

    facts = prepare()
    rate = rules_per_second(facts, options.seconds)
    preparing = _best(prepare, options.seconds) / len(texts)
    few = texts[:100]
    embedder.embed(["warm up"])
    start = time.perf_counter()
    embedder.embed(few)
    embedding = (time.perf_counter() - start) / len(few)
    ratio = preparing / embedding
    print(f"rules alone           {rate:10,.0f} goals/s   aim {RULES_AIM:,}")
    print(f"facts, tools cached   {preparing * 1e6:10,.0f} us/goal   aim {PREPARING_MS:.0f} ms ({len(TOOLS)} tools)")
    print(f"MiniLM, whole text    {embedding * 1e6:10,.0f} us/goal")
    print(f"facts / MiniLM        {ratio:10.3f}           aim at most {PREPARING_AIM}")
    met = rate >= RULES_AIM and ratio <= PREPARING_AIM and preparing * 1e3 <= PREPARING_MS
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
