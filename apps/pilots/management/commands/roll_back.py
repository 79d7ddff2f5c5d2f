"""manage.py roll_back: take a feature back from a terminal, rehearse it, or undo it."""

from argparse import ArgumentParser, ArgumentTypeError
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from apps.accounts.models import Business, User
from apps.accounts.principals import actor_of
from apps.accounts.row_access import across_businesses
from apps.core.errors import GatehouseError
from apps.pilots.ladder import Level
from apps.pilots.models import Rollback
from apps.pilots.rollback import roll_back_now
from apps.pilots.selectors import feature_of
from apps.pilots.undoing import undo

ACTOR = "system:command"


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or is_naive(moment):
        raise ArgumentTypeError(f"a date and time with its zone, as 2026-01-31T12:00:00Z: {text}")
    return moment


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"no id: {text}") from None


class Command(BaseCommand):
    help = (
        "Take a feature back from one business, from those that got it in a stretch of time, or from everybody; "
        "--rehearse measures it and changes nothing. --undo puts back exactly what a rollback took."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("feature", nargs="?", metavar="FEATURE", help="Its key")
        parser.add_argument("--business", metavar="SLUG_OR_ID", help="Take it from this business")
        parser.add_argument(
            "--from", dest="since", type=_moment, metavar="TIME", help="Take it from who got it from here"
        )
        parser.add_argument("--to", dest="until", type=_moment, metavar="TIME", help="... and before here")
        parser.add_argument("--everything", action="store_true", help="Take it from everybody")
        parser.add_argument("--undo", type=_id, metavar="ID", help="Undo this rollback")
        parser.add_argument("--reason", required=True, help="Why; it stays in the audit")
        parser.add_argument("--rehearse", action="store_true", help="Measure it and change nothing")
        parser.add_argument("--by", metavar="EMAIL", help="Who does it, for the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._undo(options) if options["undo"] else self._roll_back(options)
        except GatehouseError as error:
            raise CommandError(error.detail) from None

    def _undo(self, options: dict[str, Any]) -> None:
        others = ("feature", "business", "since", "until", "everything", "rehearse")
        if any(options[name] for name in others):
            raise CommandError("--undo goes with --reason and --by only")
        undone = undo(rollback_id=options["undo"], reason=options["reason"], actor=_actor(options["by"]))
        businesses = f"{undone.affected:,} business{'' if undone.affected == 1 else 'es'}"
        self.stdout.write(f"Undone: {undone.feature.key} is as it was for {businesses}.")

    def _roll_back(self, options: dict[str, Any]) -> None:
        level, cohort = _level(options)
        with across_businesses():
            feature = feature_of(options["feature"])
            business_id = _business(options["business"]) if options["business"] else None
        rollback = roll_back_now(
            feature_id=feature.pk,
            level=level,
            reason=options["reason"],
            actor=_actor(options["by"]),
            business_id=business_id,
            cohort=cohort,
            rehearse=options["rehearse"],
        )
        for line in _told(feature.key, rollback):
            self.stdout.write(line)


def _level(options: dict[str, Any]) -> tuple[Level, tuple[datetime, datetime] | None]:
    if not options["feature"]:
        raise CommandError("Name the feature, or say --undo ID")
    since, until = options["since"], options["until"]
    if (since is None) != (until is None):
        raise CommandError("Give both --from and --to")
    named = {
        Level.BUSINESS: bool(options["business"]),
        Level.COHORT: since is not None,
        Level.EVERYTHING: options["everything"],
    }
    chosen = [level for level, is_named in named.items() if is_named]
    if len(chosen) != 1:
        raise CommandError("Say one of --business, --from with --to, --everything")
    return chosen[0], (since, until) if since else None


def _business(text: str) -> UUID:
    named = Q(slug=text)
    with suppress(ValueError):
        named |= Q(pk=UUID(text))
    found = Business.objects.filter(named).values_list("pk", flat=True).first() if "\0" not in text else None
    if found is None:
        raise CommandError(f"There is no business {text[:80]}")
    return found


def _actor(email: str | None) -> str:
    if not email:
        return ACTOR
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise CommandError(f"There is nobody active with the address {email[:80]}")
    return actor_of(user)


def _told(key: str, rollback: Rollback) -> list[str]:
    one = rollback.affected == 1
    businesses = f"{rollback.affected:,} business{'' if one else 'es'}"
    took = f"{rollback.took_ms:,.0f} ms in the database"
    if rollback.rehearsal:
        return [f"Rehearsed, nothing is changed: {businesses} would lose {key}. It took {took}."]
    lines = [f"Rolled back: {businesses} {'has' if one else 'have'} {key} no more. It took {took}."]
    if rollback.effect_ms is None:
        lines.append("Processes could not be told (is Redis away?): each asks for itself within a second.")
    elif not rollback.processes and not rollback.unheard:
        lines.append("No process keeps the features in memory now: whichever asks next sees it.")
    else:
        heard = f"{rollback.processes} process{'' if rollback.processes == 1 else 'es'} heard"
        lines.append(f"{heard} within {rollback.effect_ms:,.0f} ms after commit.")
    if rollback.unheard:
        lines.append(f"{rollback.unheard} had not heard within a second: they ask for themselves, or are gone.")
    return [*lines, f"To undo it: manage.py roll_back --undo {rollback.pk} --reason ..."]
