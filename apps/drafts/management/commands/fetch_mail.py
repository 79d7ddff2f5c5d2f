"""manage.py fetch_mail [--business SLUG] [--mailbox ADDRESS]: look into mailboxes by IMAP now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.drafts.fetching import look_into
from apps.drafts.models import Mailbox


class Command(BaseCommand):
    help = "Look into mailboxes by IMAP now, before their time, and tell what each brought."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", default="", help="Only of the business with this slug")
        parser.add_argument("--mailbox", default="", help="Only the mailbox of this address")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Mailbox.objects.filter(enabled=True).exclude(imap_host="")
        if options["business"]:
            rows = rows.filter(business__slug=options["business"])
        if options["mailbox"]:
            rows = rows.filter(address__iexact=options["mailbox"])
        found = list(rows.order_by("address"))
        if not found:
            raise CommandError("There is no such mailbox that is switched on and has an IMAP server")
        failed = 0
        for mailbox in found:
            looked = look_into(mailbox_id=mailbox.pk, business_id=mailbox.business_id, now_please=True)
            if looked is None:
                words = "another process is looking"
            elif looked.error:
                failed += 1
                words = looked.error
            else:
                words = f"{looked.taken} new, {looked.known} known" + (", more to come" if looked.more else "")
            self.stdout.write(f"{mailbox.address}: {words}")
        if failed:
            raise CommandError(f"{failed} of {len(found)} could not be looked into")
