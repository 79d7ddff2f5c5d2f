"""`make bench`: the benchmarks one after another, or those that are named, and which targets were missed.

make bench                              all but those that decide nothing any more (serving)
make bench ARGS="gate submission"       these two
make bench ARGS="submission --rounds 9" one, with its own options
make bench ARGS=--list
"""

import argparse
import subprocess
import sys
import time

BENCHES = {
    "gate": "the gate's rules on prepared facts, and preparing them, on one core",
    "embedding": "texts and words to vectors",
    "switches": "asking for a switch, and how soon other processes see a change",
    "rollback": "taking a feature back from 10,000 businesses, and how soon other processes see it",
    "flags": "asking for a feature in process, against django-waffle and the OpenFeature SDK",
    "ofrep": "asking for a hundred features over HTTP, against an endpoint that does nothing",
    "submission": "POST /v1/goals against endpoints that insert one row",
    "waiting": "what long polls cost the others",
    "trust": "tracking, standings and learning cycles over 1,000,000 recommendations",
    "search": "hybrid search of 100,000 chunks among 1,000,000 against the bare SQL of its vector part",
    "shelves": "what many businesses and many shelves cost a search, and from when on a shelf of one's own is worth it",
    "guardrails": "all guardrails of a drafted reply, against splitting its texts into words",
    "queue": "the queue with 100,000 waiting and 1,000,000 decided; claiming by twenty",
    "orchestrator": "durable steps a second against bare Celery tasks; ten agents side by side",
    "patterns": "the pattern board with 10,000 patterns, performance and trust with 50 agents",
    "drafts": "making a draft beside what it waits for; a hundred at once",
    "faults": "kill -9 of every part in the middle of 500 submissions each",
    "serving": "ways of serving Django (what docs/decisions.md rests on; only by name)",
}
BY_NAME_ONLY = {"serving"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--list", action="store_true", help="say what each measures")
    asked, options = parser.parse_known_args()
    unknown = set(asked.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if options and len(asked.names) != 1:
        parser.error("options go with one benchmark that is named")
    if asked.list:
        print("\n".join(f"{name:12} {words}" for name, words in BENCHES.items()))
        return
    names = asked.names or [name for name in BENCHES if name not in BY_NAME_ONLY]
    failed = [name for name in names if not run(name, options)]
    if failed:
        sys.exit(f"\nTargets missed, or not measured: {', '.join(failed)}")


def run(name: str, options: list[str]) -> bool:
    """Run one benchmark in a process of its own; whether it met its targets."""
    print(f"\n## {name}: {BENCHES[name]}\n", flush=True)
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=False)
    print(f"\n({time.monotonic() - began:.0f} s)", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
