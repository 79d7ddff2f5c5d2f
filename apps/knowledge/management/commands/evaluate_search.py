"""How good is the search on a file of documents and questions? docs/developer/search.md has the formats."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Business
from apps.knowledge.evaluation.evaluating import Measured, evaluate, evaluate_in
from apps.knowledge.evaluation.reading import Questions, Unreadable, read

WAYS = ("vector", "text", "hybrid")
BY_DEFAULT = [*WAYS, "hybrid+"]


class Command(BaseCommand):
    help = "Index the documents of a file, ask its questions, print recall, MRR and nDCG; nothing of it stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="JSONL, JSON, CSV or TSV of questions (and documents), or a folder as BEIR has it"
        )
        parser.add_argument("--documents", type=Path, help="the documents, in a file of their own")
        parser.add_argument("--judged", type=Path, help="what is relevant, in a file: query, document, grade")
        parser.add_argument("--business", help="slug: search what this business has indexed, instead of documents")
        parser.add_argument("--collections", nargs="+", default=(), help="only these of the business")
        parser.add_argument(
            "--ways", nargs="+", default=BY_DEFAULT, help="of vector, text, hybrid; + behind one for reranked"
        )
        parser.add_argument("--json", action="store_true", help="print figures as JSON")
        parser.add_argument(
            "--misses", action="store_true", help="print the ids of questions of which nothing was found"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = [way for way in options["ways"] if way.removesuffix("+") not in WAYS]
        if unknown:
            raise CommandError(f"No such way: {', '.join(unknown)}")
        try:
            given = read(options["file"], options["documents"], options["judged"])
            measured = self._measured(given, options)
        except (Unreadable, OSError) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps([_plain(one) for one in measured], indent=2))
            return
        self.stdout.write(
            (f"What {options['business']} has indexed" if options["business"] else f"{len(given.documents)} documents")
            + f", {len(given.questions)} questions"
            + (f", {given.skipped} skipped (nothing relevant among the documents)" if given.skipped else "")
            + (f"; {given.unknown} relevant ids are of no document" if given.unknown else "")
        )
        self.stdout.write(table(measured))
        if options["misses"]:
            for one in measured:
                self.stdout.write(f"{one.way}, nothing relevant in ten: {', '.join(one.missed) or 'none'}")

    def _measured(self, given: Questions, options: dict[str, Any]) -> list[Measured]:
        told = (lambda words: None) if options["json"] else (lambda words: self.stderr.write(words))
        if not options["business"]:
            return evaluate(given, options["ways"], told)
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business {options['business']}.")
        return evaluate_in(business, given, options["ways"], options["collections"], told)


def table(measured: list[Measured]) -> str:
    """Markdown: a row a way, each figure with its 95 % interval."""
    names = list(measured[0].figures)
    lines = [f"| way | {' | '.join(names)} | median ms |", "|---" * (len(names) + 2) + "|"]
    for one in measured:
        cells = [f"{f.value:.3f} ({f.low:.3f} to {f.high:.3f})" for f in one.figures.values()]
        lines.append(f"| {one.way} | {' | '.join(cells)} | {one.ms:.1f} |")
    return "\n".join(lines)


def _plain(one: Measured) -> dict[str, Any]:
    figures = {name: {"value": f.value, "low": f.low, "high": f.high} for name, f in one.figures.items()}
    return {"way": one.way, "figures": figures, "median_ms": one.ms, "missed": list(one.missed)}
