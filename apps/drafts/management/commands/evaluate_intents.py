"""manage.py evaluate_intents FILE...: how well what a mail wants is told, on files of labelled mails."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.drafts.evaluation.intent_files import LabelledMail, MailFileError, read_mails
from apps.drafts.evaluation.intent_measures import Told, tables_of
from apps.drafts.intents import read_intent


class Command(BaseCommand):
    help = (
        "Tell what the mails of files (INTENT|subject|text a line) want, and print recall and precision of every "
        "intent, the accuracy and whether the confidence is deserved. Needs no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--misses", action="store_true", help="List the mails that were taken for something else")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"]:
            mails = read_file(path)
            told = [told_of(mail) for mail in mails]
            self.stdout.write(f"**{Path(path).name}**\n\n{tables_of(told)}\n")
            if options["misses"]:
                for mail, one in zip(mails, told, strict=True):
                    if not one.right:
                        said = f"{one.wanted} as {one.told} ({one.confidence:.0%})"
                        self.stdout.write(f"{said}: {mail.subject} | {mail.text}")


def told_of(mail: LabelledMail) -> Told:
    """What `read_intent` makes of a labelled mail."""
    reading = read_intent(mail.subject, mail.text)
    return Told(mail.intent, reading.intent, reading.confidence)


def read_file(path: str, *, worded: bool = False) -> list[LabelledMail]:
    """Raises CommandError, naming file and line."""
    try:
        return read_mails(Path(path).read_text(encoding="utf-8"), worded=worded)
    except (OSError, UnicodeDecodeError, MailFileError) as error:
        raise CommandError(f"{path}: {error}") from None
