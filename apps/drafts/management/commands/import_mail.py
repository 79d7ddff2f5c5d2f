"""manage.py import_mail FILE... --business SLUG [--mailbox ADDRESS] [--draft]: .eml, .mbox, or folders of them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.drafts.importing import Imported, entries_of, import_entry
from apps.drafts.models import Mailbox


class Command(BaseCommand):
    help = (
        "Bring in mail of the past: each mail once, however often the command is run. Mails from the mailbox's own "
        "addresses count as sent by us. Bad mails are told and left out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="+", type=Path, help=".eml, .mbox, or a folder of them")
        parser.add_argument("--business", required=True, help="The business's slug")
        parser.add_argument("--mailbox", default="", help="Its address; may be left out where there is only one")
        parser.add_argument("--draft", action="store_true", help="Also have replies drafted to what people wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        mailbox = self._mailbox(options["business"], options["mailbox"])
        missing = [str(path) for path in options["file"] if not path.exists()]
        if missing:
            raise CommandError(f"There is no {', '.join(missing)}")
        console = Console(file=self.stdout, soft_wrap=True)  # type: ignore[arg-type]
        imported = Imported()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress:
            for path in options["file"]:
                self._import(path, mailbox, options["draft"], imported, progress)
        self._tell(console, imported)

    def _import(self, path: Path, mailbox: Mailbox, draft: bool, imported: Imported, progress: Progress) -> None:
        whole = path.stat().st_size if path.is_file() else None
        task = progress.add_task(path.name, total=whole)
        for entry in entries_of(path):
            import_entry(mailbox=mailbox, entry=entry, draft=draft, imported=imported)
            if whole is not None:
                progress.update(task, completed=entry.end)

    def _mailbox(self, slug: str, address: str) -> Mailbox:
        business = Business.objects.filter(slug=slug).first()
        if business is None:
            raise CommandError(f"There is no business {slug}")
        with acting_for(business.pk):
            rows = Mailbox.objects.filter(business=business)
            found = list(rows.filter(address__iexact=address) if address else rows[:2])
            if len(found) == 1:
                return found[0]
            known = ", ".join(rows.values_list("address", flat=True)[:20]) or "none"
        raise CommandError(f"Name one of its mailboxes with --mailbox: {known}")

    def _tell(self, console: Console, imported: Imported) -> None:
        table = Table(show_header=False, box=None)
        for words, count in (
            ("Brought in", imported.taken),
            ("of which sent by us", imported.sent),
            ("Here before", imported.known),
            ("Replies wanted", imported.drafts),
            ("Left out", imported.bad_count),
        ):
            table.add_row(words, str(count))
        console.print(table)
        for name, why in imported.bad:
            console.print(f"  {name}: {why}", markup=False, highlight=False)
