"""What kind of thing a verb asks for: looking, making, changing, removing, sending and so on.

Two verbs of one kind can stand for each other ("relay a message", `send_message`); verbs of no common kind cannot,
however alike the rest of the sentence is ("add to the list", `get_list`). The kinds are those of everyday software; a
verb may be of several. Words that are no verb of action ("the", "order" after "my") are of none.
"""

from __future__ import annotations

from functools import lru_cache

from apps.goals.reading import stem, words_of

Kinds = frozenset[str]
NONE: Kinds = frozenset()

_VERBS = {
    "read": "get show display list view check retrieve fetch find look search read tell see describe inspect monitor "
    "lookup browse give provide return obtain know learn discover locate pull scan review identify verify confirm "
    "examine track trace query report access explore summarize summarise explain inform watch recall detail "
    "investigate",
    "search": "find search look lookup locate discover browse seek hunt query explore scour filter recommend suggest "
    "identify grep",
    "create": "create add make generate draft write compose build register insert craft set produce prepare open "
    "establish initiate start touch author append include schedule arrange design form record log save store mkdir",
    "update": "update edit modify change set adjust rename revise assign configure alter amend replace reschedule "
    "increase decrease raise lower reduce mark correct fix refresh tweak",
    "delete": "delete remove erase discard drop clear purge unfollow unsubscribe uninstall eliminate wipe detach trash "
    "rm rmdir",
    "send": "write compose draft craft send post tweet mail email message notify forward share publish relay dispatch "
    "inform text convey communicate broadcast retweet submit announce reply comment respond mention deliver alert "
    "remind",
    "buy": "buy purchase order book reserve place procure acquire invest get obtain secure rent hire subscribe",
    "sell": "sell trade",
    "pay": "pay give return transfer fund deposit withdraw send charge request refund remit move reimburse",
    "cancel": "cancel stop halt revoke abort terminate end undo void withdraw rescind retract drop",
    "start": "start activate enable turn engage launch ignite run execute begin initiate open boot trigger set switch "
    "apply press",
    "stop": "stop release disable deactivate pause halt turn switch disengage shut end",
    "close": "close resolve complete finish settle conclude shut mark",
    "sign_in": "login authenticate sign authorize authorise verify connect access enter validate",
    "sign_out": "logout disconnect",
    "convert": "convert translate transform exchange change express",
    "compute": "compute calculate estimate sum add multiply subtract divide average mean count determine evaluate "
    "measure work figure total derive solve assess round",
    "compare": "compare diff contrast differ distinguish juxtapose",
    "move": "move transfer copy duplicate relocate backup clone shift place put replicate transport rename mv cp",
    "sort": "sort order arrange rank organize organise filter alphabetize",
    "play": "play watch listen stream hear queue put start",
    "go": "navigate go drive open change head travel enter jump switch dive move cd",
    "fill": "fill refill refuel load add replenish fuel",
    "lock": "lock unlock secure close",
}
ASKING: Kinds = frozenset({"read", "search", "compute"})  # what a question asks for
MAX_DESCRIPTION_WORDS = 12


def _by_stem() -> dict[str, Kinds]:
    found: dict[str, set[str]] = {}
    for kind, verbs in _VERBS.items():
        for verb in verbs.split():
            found.setdefault(stem(verb), set()).add(kind)
    return {verb: frozenset(kinds) for verb, kinds in found.items()}


_KINDS = _by_stem()


def kinds_of(verb_stem: str) -> Kinds:
    """The kinds of a verb by its stem; none for any other word."""
    return _KINDS.get(verb_stem, NONE)


@lru_cache(maxsize=4096)
def kinds_of_tool(name_words: tuple[str, ...], description: str) -> tuple[Kinds, Kinds]:
    """(what the tool's name says it does, the same with what its description begins with).

    The first is taken from the description where the name has no verb.
    """
    named: Kinds = NONE
    for place, word in enumerate(name_words):
        named |= kinds_of(stem(word))
        if named and place == 0:
            break
    verbs = (kinds_of(word.stem) for word in words_of(description)[:MAX_DESCRIPTION_WORDS])
    described = next((kinds for kinds in verbs if kinds), NONE)
    return named or described, named | described
