"""manage.py backfill_replies: learn a business's replies of the last so many days, with progress."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError
from apps.drafts.backfilling import pause, resume, run_backfill, unfinished, write_run
from apps.drafts.models import BackfillRun
from apps.drafts.models.settings import RunState

ACTOR = "system:command"


class Command(BaseCommand):
    help = (
        "Learn the replies of the last so many days, so that drafts can look them up. A run that was stopped, by "
        "whatever it was, is gone on with; stop one with Ctrl-C. Replies that are known already are no work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="SLUG")
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--per-second", type=float, default=50.0, help="At most so many replies a second")
        parser.add_argument("--anew", action="store_true", help="Give a stopped run up and begin at the first day")

    def handle(self, *args: Any, **options: Any) -> None:
        with across_businesses():
            business_id = Business.objects.filter(slug=options["business"]).values_list("pk", flat=True).first()
        if business_id is None:
            raise CommandError(f"There is no business {options['business']}")
        try:
            run = self._run_of(business_id, options)
            ended = self._carry_out(business_id, run)
        except GatehouseError as error:
            raise CommandError(error.detail) from None
        self._say(ended)

    def _run_of(self, business_id: UUID, options: dict[str, Any]) -> BackfillRun:
        before = None if options["anew"] else unfinished(business_id)
        if before is None:
            return write_run(
                business_id=business_id, days=options["days"], per_second=options["per_second"], actor=ACTOR
            )
        self.stdout.write(f"Going on behind {before.seen:,} of {before.total:,} (the run of {before.days} days)")
        if before.state == RunState.RUNNING:
            return before
        return resume(business_id=business_id, run_id=before.pk, actor=ACTOR)

    def _carry_out(self, business_id: UUID, run: BackfillRun) -> BackfillRun:
        columns = (TextColumn("Replies"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=self.stdout._out)) as bar:  # type: ignore[attr-defined, arg-type]
            task = bar.add_task("Replies", total=run.total or 1, completed=run.seen)

            def show(now: BackfillRun) -> None:
                bar.update(task, completed=now.seen, total=max(now.total, now.seen, 1))

            try:
                ended = run_backfill(business_id=business_id, run_id=run.pk, progress=show)
            except KeyboardInterrupt:
                pause(business_id=business_id, run_id=run.pk, actor=ACTOR)
                raise CommandError("Paused. Run the same again to go on") from None
        if ended is None:
            raise CommandError("Another process is working on it already")
        return ended

    def _say(self, run: BackfillRun) -> None:
        if run.state == RunState.FAILED:
            raise CommandError(f"It stopped: {run.error}. Run the same again to go on")
        if run.state != RunState.DONE:
            raise CommandError(f"It was {run.state} meanwhile")
        rest = run.seen - run.indexed - run.duplicates - run.failed
        self.stdout.write(
            f"{run.seen:,} replies: {run.indexed:,} learned, {run.duplicates:,} the same as others, {rest:,} known or "
            f"without anything to learn, {run.failed:,} failed"
        )
