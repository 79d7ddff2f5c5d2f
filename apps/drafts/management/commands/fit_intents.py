"""manage.py fit_intents FILE... [--worded FILE]: fit the head that tells intents, and show how it does on others."""

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from apps.drafts import intent_head
from apps.drafts.evaluation.intent_fitting import fit_head, judged_by_others
from apps.drafts.evaluation.intent_measures import tables_of
from apps.drafts.management.commands.evaluate_intents import read_file


class Command(BaseCommand):
    help = (
        "Fit the head that tells what a mail wants to files of labelled mails (INTENT|subject|text a line) and print "
        "the cross-validated figures, each mail judged by a head that had not seen it. Nothing is changed without "
        "--write. Needs no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument(
            "--worded", action="append", default=[], metavar="FILE",
            help="Mails the hand-weighed words were chosen with: fitted to without the words, and not judged",
        )  # fmt: skip
        parser.add_argument("--write", action="store_true", help="Write the shipped JSON file")

    def handle(self, *args: Any, **options: Any) -> None:
        mails = [mail for path in options["files"] for mail in read_file(path)]
        mails += [mail for path in options["worded"] for mail in read_file(path, worded=True)]
        try:
            told = judged_by_others(mails)
            fitted = fit_head(mails)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(tables_of(told))
        if options["write"]:
            # One figure of the mails a line, so that a change of the file can be read.
            rows = [f"{_text(name)}:{_text(row)}" for name, row in sorted(fitted.weights.items())]
            first = _text({"intents": fitted.intents, "sharpness": fitted.sharpness, "bias": fitted.bias})
            intent_head.FILE.write_text(f'{first[:-1]},"weights":{{\n' + ",\n".join(rows) + "\n}}\n", encoding="utf-8")
            self.stdout.write(f"Wrote {intent_head.FILE.name}")


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
