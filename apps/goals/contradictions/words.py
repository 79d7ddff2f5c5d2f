"""What words exclude one another: acts with opposite effect, qualities of which a thing has one, values of one field.

Acts are held as concepts: a class of words that come to the same ("ship", "dispatch", "deliver"), named by its first.
Lists of everyday words in no subject's terms; a word that is not here stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apps.goals.reading import stem

_SAME_ACT_TEXT = """
send ship dispatch deliver shipment delivery shipping | email mail e-mail emails mails
call phone ring telephone | delete erase wipe purge deletion | remove removal
cancel annul revoke void cancellation | stop halt abort quit cease | start launch begin run boot running
restart reboot | approve authorise authorize approval | reject deny refuse decline turn-down | accept
buy purchase | sell sale | increase raise up boost | decrease reduce lower cut drop | enable activate active
disable deactivate inactive | lock | unlock | open opened | close shut closed | publish post release
hide conceal | show display reveal | share | keep retain preserve hold save
change modify alter edit adjust amend | replace overwrite | sign signature | print printout | pay charge payment
use | book reserve booking reservation | rent rental | answer reply respond response | install installation
translate translation | contact | notify inform tell alert | grant give access | postpone delay defer
advance bring-forward | encrypt | decrypt | subscribe subscription-start | unsubscribe | hire recruit employ
fire dismiss sack | block ban | unblock allow permit | forbid prohibit | attach | detach | add include insert
exclude omit leave-out | archive | reopen | extend prolong renew | terminate end finish | mute silence | unmute
upgrade | downgrade | minimise minimize | maximise maximize | deposit | withdraw | accelerate speed-up | slow slow-down
switch-on | switch-off | connect | disconnect | move transfer relocate | wake awake | write draft compose
follow | unfollow | confirm | upload | download | refund reimburse | return give-back | tidy clean
restore recover | pick pickup pick-up | heat warm | cool chill
""".replace("\n", " | ")

_OPPOSITE_ACTS_TEXT = """
include/exclude admit/discharge borrow/lend zoom-in/zoom-out put-up/take-down let-in/keep-out log-in/log-out
sign-in/sign-out check-in/check-out opt-in/opt-out roll-out/roll-back scale-up/scale-down pick/drop-off
import/export push/pull praise/criticise lend/return assemble/dismantle build/demolish construct/demolish
mount/unmount mount/dismount charge/discharge praise/blame reward/punish agree/disagree adopt/abandon
retain/discard start/pause pause/resume stop/resume stop/continue cancel/continue pause/continue grow/shrink
enlarge/shrink enlarge/reduce stretch/shrink join/quit enter/exit ascend/descend attract/repel detain/release
grant/deny grant/refuse allow/deny allow/refuse ban/allow approve/deny approve/refuse authorise/forbid
validate/invalidate certify/decertify appoint/dismiss elect/depose increase/minimise decrease/maximise
save/waste save/spend save/discard collect/distribute gather/scatter centralise/decentralise compress/decompress
compress/expand encode/decode wipe/restore sign/revoke ratify/reject endorse/oppose support/oppose
nominate/withdraw register/deregister enrol/withdraw enroll/withdraw assign/unassign flag/unflag tag/untag
check/uncheck select/deselect brighten/dim sharpen/blur combine/separate link/unlink synchronise/desynchronise
integrate/isolate isolate/connect quarantine/release freeze/release freeze/unfreeze reopen/archive warm/cool
lift/lower hoist/lower cancel/send cancel/keep cancel/confirm cancel/extend cancel/start cancel/book delete/keep
delete/enable delete/update delete/archive remove/keep remove/add stop/start approve/reject accept/reject
buy/sell increase/decrease enable/disable lock/unlock open/close publish/hide hide/show sell/keep add/exclude
postpone/advance encrypt/decrypt subscribe/unsubscribe hire/fire block/unblock forbid/unblock attach/detach
archive/reopen close/reopen extend/terminate extend/cancel extend/shorten mute/unmute upgrade/downgrade
minimise/maximise deposit/withdraw accelerate/slow switch-on/switch-off connect/disconnect skip/play skip/show
skip/keep take-away/grant take-away/keep follow/unfollow install/uninstall disable/switch-on start/switch-off
fire/keep terminate/keep expand/collapse heat/cool approve/postpone grant/withdraw grant/cancel refund/reject
grant/remove close/start stop/keep freeze/thaw fill/empty load/unload zip/unzip pack/unpack merge/split
promote/demote tighten/loosen strengthen/weaken arm/disarm pin/unpin like/dislike wrap/unwrap dress/undress
fold/unfold plug/unplug return/keep discard/keep switch-off/start fill/drain tighten/relax widen/narrow
lengthen/shorten inflate/deflate
"""

# What counts as doing the first: forbidding it forbids these, not the other way round.
_BELOW_TEXT = """
contact: email call notify write message text
notify: email call
change: increase decrease replace rename
disturb: wake call
pay: buy
share: publish send grant show email forward notify
delete: remove
show: publish share
tell: email notify
reveal: tell share publish show
disclose: tell share publish show notify
use: pay
touch: change delete remove replace move increase decrease rename enable disable
spend: buy pay
"""

# Qualities: the sides of a line cannot hold of one thing.
_QUALITIES_TEXT = """
cheapest cheap inexpensive budget / expensive costliest priciest dearest luxurious
immediately instantly urgently right-away at-once straightaway asap / next-month next-year next-week later-this-year
public / private confidential secret
* anonymously anonymous / signed my-name full-name named
largest biggest / smallest tiniest
large big huge / small tiny
ascending / descending newest-first highest-first largest-first
encrypted / unencrypted plain-text plaintext clear-text
urgent urgently asap / no-hurry no-rush not-urgent non-urgent
* smoking / non-smoking smoke-free
* pet-friendly / pets-are-not-allowed no-pets pet-free
short brief concise / long lengthy
quiet silent / loud noisy
* hard-copy paper-copy by-post on-paper / purely-digital digital paperless
domestic local / abroad foreign overseas international
mandatory compulsory obligatory / optional voluntary
hot / cold iced
furnished / unfurnished
indoor indoors inside / outdoor outdoors outside
oldest earliest first-ever / latest newest youngest
refundable / non-refundable nonrefundable
formal formally / informal informally casual casually
temporary / permanent
brand-new new / second-hand used pre-owned
fastest quickest / slowest
fast fast-paced / slow slow-paced
homemade home-made / store-bought shop-bought
highest / lowest
longest / shortest
heaviest / lightest
nearest closest / farthest furthest
best / worst
strongest / weakest
hardest / easiest
most / least
early-morning morning / late-night
wet / dry
full-time / part-time
* one-way single-ticket / round-trip return-ticket return-flight roundtrip return-on coming-back
* non-stop nonstop direct-flight direct-train / layover stopover one-stop two-stops with-stops connecting
window-seat / aisle-seat middle-seat
automatic / manual
double-room / single-room
online-only virtually / in-person face-to-face on-site
sugar-free / with-sugar plenty-of-sugar sugary
weekly / daily monthly yearly hourly
handwritten / typed
salty / sweet
bright / dark
open-to-everybody open-to-everyone open-to-all / confidential secret private
visible / invisible hidden
read-only / editable writable writeable
waterproof / non-waterproof
live / prerecorded pre-recorded
portrait / landscape
black-and-white / colour-print in-colour in-color
vertical vertically / horizontal horizontally
increasing / decreasing
left-aligned / right-aligned centred
alcoholic / alcohol-free non-alcoholic
silently quietly / loudly
slowly / quickly fast rapidly
detailed thorough comprehensive / brief short cursory
exactly precisely / roughly approximately
upstairs / downstairs
unlimited / limited
empty / full
synchronously / asynchronously
manually / automatically
individually / jointly
complete / partial
identical / different
wired / wireless
raw / cooked
spicy / mild
""".strip()

# Values of a field that holds one of them.
_FIELDS_TEXT = """
day: monday tuesday wednesday thursday friday saturday sunday
format: pdf word excel docx xlsx csv json xml html markdown png jpg jpeg odt txt pptx powerpoint yaml
colour: red blue green yellow black white purple orange pink brown grey gray turquoise beige
currency: dollars euros pounds yen francs usd eur gbp jpy chf rupees
language: german french english spanish italian danish dutch polish portuguese swedish japanese
language: chinese arabic turkish russian korean norwegian finnish czech greek
size: xs xxl xl
mode: express standard overnight economy regular
seat: window aisle
channel: email phone sms fax whatsapp
board: half-board full-board
"""

_KINDS_OF_TEXT = """
meat: beef chicken pork lamb ham bacon turkey veal sausage steak salami duck mutton salmon tuna fish shrimp prawns
dairy: cheese milk butter cream yoghurt yogurt ice-cream mozzarella
nut: walnut almond hazelnut peanut cashew pecan pistachio
alcohol: wine beer vodka whisky champagne rum gin cocktail prosecco
gluten: wheat bread pasta barley
seafood: shrimp prawns mussels oysters crab lobster
animal: dog cat
sugar: sugar honey syrup
"""
# A diet, and the kinds of food it leaves out.
_DIETS = {"vegetarian": "meat", "vegan": "meat dairy", "meatless": "meat", "meat-free": "meat", "dairy-free": "dairy",
          "nut-free": "nut", "gluten-free": "gluten", "alcohol-free": "alcohol", "sugar-free": "sugar",
          "lactose-free": "dairy"}  # fmt: skip


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.strip().splitlines():
        name, _, words = line.partition(":")
        yield name.strip(), words.split()


def act_key(word: str) -> str:
    """The key of a lower-case word in the tables of acts: its stem, or the word itself when it is a compound."""
    return word if "-" in word else stem(word)


ACTS: dict[str, str] = {
    act_key(word): act_key(group.split()[0])
    for group in _SAME_ACT_TEXT.split("|")
    if group.split()
    for word in group.split()
}


def _act(word: str) -> str:
    key = act_key(word)
    return ACTS.get(key, key)


def concepts(stems: Iterable[str]) -> frozenset[str]:
    """Each stem as the concept it belongs to."""
    return frozenset(ACTS.get(one, one) for one in stems)


OPPOSITE_ACTS: dict[str, frozenset[str]] = {}
for _pair in _OPPOSITE_ACTS_TEXT.split():
    for _one, _other in (_pair.split("/"), _pair.split("/")[::-1]):
        OPPOSITE_ACTS[_act(_one)] = OPPOSITE_ACTS.get(_act(_one), frozenset()) | {_act(_other)}
BELOW: dict[str, frozenset[str]] = {_act(name): frozenset(map(_act, words)) for name, words in _lines(_BELOW_TEXT)}
KNOWN_ACTS: frozenset[str] = frozenset(ACTS) | frozenset(OPPOSITE_ACTS) | frozenset(BELOW)

# Word or compound -> [(line, side)]. Lines with a star are of the whole order, not of the thing beside the word.
QUALITIES: dict[str, list[tuple[int, int]]] = {}
WIDE: set[int] = set()
for _number, _line in enumerate(_QUALITIES_TEXT.splitlines()):
    if _line.startswith("* "):
        WIDE.add(_number)
    for _side, _half in enumerate(_line.removeprefix("* ").split(" / ")):
        for _word in _half.split():
            QUALITIES.setdefault(_word.replace("-", " "), []).append((_number, _side))

FIELDS: dict[str, str] = {word: name for name, words in _lines(_FIELDS_TEXT) for word in words}
KIND_OF: dict[str, str] = {stem(word): stem(name) for name, words in _lines(_KINDS_OF_TEXT) for word in words}
DIETS: dict[str, frozenset[str]] = {
    diet.replace("-", " "): frozenset(map(stem, kinds.split())) for diet, kinds in _DIETS.items()
}
