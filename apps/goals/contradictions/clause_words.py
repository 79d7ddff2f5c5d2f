"""What the words of a clause are taken for: acts, denials, links, times.

An act is a word in the place of one: first in an order, after "to", "not", "without", "must be". The lists are closed
classes of English and the commonest verbs that say nothing by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.goals.contradictions.clause_tokens import Token
from apps.goals.contradictions.word_lists import listed, stems_listed
from apps.goals.contradictions.words import ACTS, FIELDS, KNOWN_ACTS, act_key
from apps.goals.reading import FUNCTION_WORDS

NOT = listed("""
    not don't never without mustn't shouldn't cannot can't won't nobody none nothing avoid refrain neither nowhere
    no-one doesn't isn't aren't avoiding needn't
""")
# What makes a clause a condition, an alternative, a step in an order, or an account of the past.
LOOSE = listed("""
    if unless or either instead otherwise then after afterwards later first next finally once before again when
    whenever until till rather whether except previously formerly depending alternatively else than nor subsequently
    meanwhile originally initially currently was were had wrong mistakenly accidentally already
""")
JOINS = listed("and but yet while whilst although though however because where so")
PRONOUNS = listed("it them this that they these those him her he she all one both")
OWNERS = listed("""
    my your our their his her its a an the this that these those any some every each all no of new same another
    for
""")  # fmt: skip
ACT_NEXT = listed("""
    to not don't never must should will shall can please without be is are been stay stays keep leave
    remain gets get may let's lets and also just then always mustn't shouldn't avoid from by cannot can't won't
    nobody so being kindly now immediately ever keeps refrain circumstances
""")  # fmt: skip
LEADS = listed("""
    please also just kindly so still always then now and but never not don't while ever simply immediately
""")  # fmt: skip
EMPTY_ACTS = stems_listed("""
    make sure ensure want need like have let get go do be must should take put set try happen leave stay remain
    turn switch thing please kindly also sure throughout time everything anything something same itself really
    full whole entire exact strict total exactly cost way mean already nobody everyone everybody anyone anybody
    someone somebody back forward alone off away together strictly circumstances purely safe safely possible
    necessary
""")  # fmt: skip
PLACE_WORDS = listed("""
    of to for in on at by with from into onto about as under over per via between until till before after
""")
TIME_WORDS = listed("""
    today tonight tomorrow yesterday now yet noon midnight morning afternoon evening night day week month year
    monday tuesday wednesday thursday friday saturday sunday weekend hour hours minutes immediately days nights
    weeks months daily january february march april june july august september october november december spring
    summer autumn winter am pm christmas o'clock
""")
NUMBER_WORDS = listed("one two three four five six seven eight nine ten eleven twelve")
BOUNDS = frozenset({"before", "after", "until", "till"})
LIGHT_VERBS = listed("""
    make set take put get want need have be is are must should keep leave let turn has needs
""")
NO_HEADS = frozenset(FIELDS) - {"email", "phone", "fax", "window", "aisle"} | listed(
    "secret private public confidential hidden free empty full"
)
WHO = listed("i we he she it they")
UNDONE = re.compile(r"un([a-z]{3,}ed)$")
_DECLINES = listed("declined refused failed refuses fails")
_NOT_ONLY = listed("only just sure later more less")
_NO_LATER = listed("later more less earlier fewer matter")
_THIRD_PERSON = listed("keeps starts stops ends opens closes")
_SURELY_ACT_NEXT = listed("to not don't never please must should will can always without")
_WISHES = listed("want need wish like allow accept")
_PARTICLES_TEXT = """
turn on = switch-on
switch on = switch-on
power on = switch-on
turn off = switch-off
switch off = switch-off
power off = switch-off
shut down = switch-off
bring forward = bring-forward
move forward = bring-forward
pull forward = bring-forward
push back = postpone
put off = postpone
call off = cancel
turn down = decrease
bring down = decrease
turn up = increase
slow down = slow
speed up = speed-up
give back = return
take away = take-away
throw away = delete
log in = log-in
log out = log-out
back up = backup
set up = set-up
leave out = leave-out
put up = put-up
take down = take-down
let in = let-in
keep out = keep-out
zoom in = zoom-in
zoom out = zoom-out
sign in = sign-in
sign out = sign-out
opt in = opt-in
opt out = opt-out
roll out = roll-out
roll back = roll-back
scale up = scale-up
scale down = scale-down
drop off = drop-off
"""
PARTICLES = {
    (act_key(together.split()[0]), together.split()[1]): ACTS.get(act_key(act), act_key(act))
    for together, act in (line.strip().split(" = ") for line in _PARTICLES_TEXT.strip().splitlines())
}
WITH_PARTICLE = frozenset(first for first, _ in PARTICLES)


def tells(part: Sequence[Token], negation: int) -> bool:
    """ "I can't open it", "it does not start", "we don't see it": an account of how things are, no ban."""
    before = part[negation - 1].text if negation else ""
    if before in {"do", "does", "can", "could", "is", "are"} and negation > 1:
        before = part[negation - 2].text
    following = part[negation + 1].text if negation + 1 < len(part) else ""
    return before in WHO and following not in _WISHES and part[negation].text != "never"


def denies_all(part: Sequence[Token], negation: int) -> bool:
    """ "Share it with no one", "wake nobody": the negation follows the act it denies."""
    word, following = part[negation].text, part[negation + 1].text if negation + 1 < len(part) else ""
    return word in {"nobody", "nothing", "none", "no-one", "neither"} or (word == "no" and following == "one")


def is_not(part: Sequence[Token], place: int) -> bool:
    """Whether the word at `place` denies; "not only", "no later than" and the like do not."""
    word, following = part[place].text, _text(part, place + 1)
    if word in _DECLINES:
        return following == "to"
    if word == "not":
        return following not in _NOT_ONLY
    return word in NOT or (word == "no" and following not in _NO_LATER)


def _text(part: Sequence[Token], place: int) -> str:
    return part[place].text if 0 <= place < len(part) else ""


def is_act(part: Sequence[Token], place: int) -> bool:
    """Whether the word at `place` stands where an act does."""
    token, before = part[place], _text(part, place - 1)
    known = token.stem in KNOWN_ACTS or bool(UNDONE.match(token.text))
    if place == 0:
        return not token.named or token.stem in KNOWN_ACTS
    if token.text in _THIRD_PERSON or all(earlier.text in LEADS for earlier in part[:place]):
        return True
    if before in ACT_NEXT:
        return known or before in _SURELY_ACT_NEXT or token.text.endswith("ed")
    if not known or before in OWNERS - {"no"}:
        return False
    if before in FUNCTION_WORDS or token.text.endswith(("ed", "ing")):
        return True
    return place == len(part) - 1 and part[place - 1].stem not in KNOWN_ACTS


def particle(part: Sequence[Token], place: int) -> str:
    """Turn on, switch it off, bring forward, shut down: the act that verb and particle make together."""
    word = part[place].stem
    for at in range(place + 1, min(place + 6, len(part))):
        joined = PARTICLES.get((word, part[at].text))
        # "in" is most often a preposition: a particle only beside its verb or at the end.
        if joined and (part[at].text != "in" or at in {place + 1, len(part) - 1}):
            return joined
    return ""
