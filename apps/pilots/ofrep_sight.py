"""EDGE: what the programs of a business may ask for, as this process has it in memory."""

from uuid import UUID

from apps.pilots import flags
from apps.pilots.ofrep_rules import Shown, Sight, Sights, sights_of


def sight_of(business_id: UUID) -> Sight:
    """No query once the features are in memory. Not to be altered."""
    return _sights(flags.features()).of(business_id)


def look_again(business_id: UUID) -> Sight:
    """The same, after reading the features from the database unless that was done a moment ago."""
    flags.look_again()
    return sight_of(business_id)


def _sights(features: flags.Features) -> Sights:
    global _last
    of, sights = _last
    if of is not features:
        sights = sights_of(Shown(one.flag, one.version, one.home_id, one.exposed) for one in features.known.values())
        _last = (features, sights)
    return sights


_last: tuple[flags.Features | None, Sights] = (None, Sights({}, Sight()))
