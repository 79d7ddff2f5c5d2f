"""Read files into a collection of a business: Markdown, text, HTML, CSV of snippets."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Business
from apps.core.errors import GatehouseError
from apps.knowledge.documents import add_collection
from apps.knowledge.importing import import_file, work_on_import
from apps.knowledge.models import Collection, FileImport
from apps.knowledge.states import UNFINISHED

ACTOR = "system:import_documents"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("business", help="Short name of the business")
        parser.add_argument("collection", help="Key of the collection; made when there is none")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business {options['business']}")
        key = options["collection"]
        if not Collection.objects.filter(business=business, key=key).exists():
            kind = (
                "snippets" if all(file.suffix.lower() in (".csv", ".tsv") for file in options["files"]) else "documents"
            )
            add_collection(business_id=business.pk, key=key, name="", kind=kind, actor=ACTOR)
        failed = [file for file in options["files"] if not self._read(business, key, file)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(options['files'])} files could not be read")

    def _read(self, business: Business, key: str, file: Path) -> bool:
        try:
            raw = file.read_bytes()
            work = import_file(business_id=business.pk, collection=key, name=file.name, raw=raw, actor=ACTOR)
        except (OSError, GatehouseError) as error:
            self.stderr.write(f"{file}: {error}")
            return False
        while work_on_import(work.pk):
            work.refresh_from_db(fields=["done", "total"])
            self.stdout.write(f"{file.name}: {work.done} of {work.total}")
        work = FileImport.objects.get(pk=work.pk)
        became = ", ".join(f"{count} {word}" for word, count in sorted(work.counts.items())) or "nothing indexed"
        self.stdout.write(f"{file.name}: {became}{f', {work.failed} not read' if work.failed else ''}")
        for note in work.notes:
            self.stdout.write(f"  {note}")
        for wrong in work.errors:
            self.stdout.write(f"  {'line ' + str(wrong['line']) if wrong['line'] else file.name}: {wrong['words']}")
        if work.state in UNFINISHED:
            self.stdout.write(f"  A worker goes on with it: {work.error or 'it was taken over'}")
        return bool(work.done)
