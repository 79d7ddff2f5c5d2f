"""RULE: the reply that is written without a model: tool results, the best snippet, and what a past reply asked for.

It invents nothing. What it says of an order is the tool's field; where a tool is needed and brought nothing it asks
for what is missing. Its own words are in the language of the mail, where that is one of _FRAMES.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.drafts.guardrails.languages import language_of
from apps.drafts.intents import MOST_READ, named_orders, named_parcels
from apps.drafts.prompting import Materials
from apps.drafts.states import TOOL_REQUIRED, Intent, MadeBy
from apps.drafts.telling import labelled, told

NAME = "template drafter"
MOST_SENTENCES = 2
LONGEST_NAME = 30


@dataclass(frozen=True, slots=True)
class _Frame:
    """The words around the facts in one language. asked: what is needed, by intent; again: where a mail named it."""

    hello: str
    thanks: str
    sorry: str
    ask: str
    again: str
    asked: Mapping[Intent, str]
    asked_else: str
    record: str
    more: str
    nothing: str
    close: str


_FRAMES = {
    "English": _Frame(
        hello="Hello",
        thanks="Thank you for your message.",
        sorry="Thank you for telling us. We are sorry for the trouble.",
        ask="So that we can look into this for you, could you please send us {needed}?",
        again="If you have sent it already, please check it once more.",
        asked={
            Intent.ORDER: "your order number, which stands in the confirmation you received",
            Intent.TRACKING: "your order number or the tracking number of the parcel",
            Intent.REFUND: "your order number and tell us which items it is about",
            Intent.APPOINTMENT: "the day and time that suit you and the name the appointment is under",
        },
        asked_else="a little more about what you need",
        record="",
        more="If you need anything else, please reply to this e-mail.",
        nothing="If there is anything you would like to add in the meantime, please reply to this e-mail.",
        close="Kind regards",
    ),
    "German": _Frame(
        hello="Guten Tag",
        thanks="vielen Dank für Ihre Nachricht.",
        sorry="vielen Dank für Ihre Nachricht. Die Umstände tun uns leid.",
        ask="Damit wir uns darum kümmern können, senden Sie uns bitte {needed}.",
        again="Falls Sie das schon getan haben, prüfen Sie es bitte noch einmal.",
        asked={
            Intent.ORDER: "Ihre Bestellnummer, die in der Bestätigung steht",
            Intent.TRACKING: "Ihre Bestellnummer oder die Sendungsnummer des Pakets",
            Intent.REFUND: "Ihre Bestellnummer und die Namen der Artikel, um die es geht",
            Intent.APPOINTMENT: "den gewünschten Tag mit Uhrzeit und den Namen, auf den der Termin läuft",
        },
        asked_else="noch ein paar Worte dazu, worum es geht",
        record="Das steht dazu in unseren Unterlagen:",
        more="Wenn Sie noch etwas brauchen, antworten Sie bitte auf diese E-Mail.",
        nothing="Wenn Sie noch etwas hinzufügen möchten, antworten Sie bitte auf diese E-Mail.",
        close="Freundliche Grüße",
    ),
    "French": _Frame(
        hello="Bonjour",
        thanks="Merci pour votre message.",
        sorry="Merci de nous en avoir informés. Nous sommes désolés pour ce désagrément.",
        ask="Afin de pouvoir vous aider, pourriez-vous nous envoyer {needed} ?",
        again="Si vous l’avez déjà fait, merci de vérifier encore une fois.",
        asked={
            Intent.ORDER: "votre numéro de commande, indiqué dans la confirmation",
            Intent.TRACKING: "votre numéro de commande ou le numéro de suivi du colis",
            Intent.REFUND: "votre numéro de commande et le nom des articles concernés",
            Intent.APPOINTMENT: "le jour et l’heure souhaités et le nom du rendez-vous",
        },
        asked_else="quelques précisions sur votre demande",
        record="Voici les détails :",
        more="Si vous avez besoin d’autre chose, répondez simplement à cet e-mail.",
        nothing="Si vous souhaitez ajouter quelque chose, répondez simplement à cet e-mail.",
        close="Cordialement",
    ),
    "Spanish": _Frame(
        hello="Hola",
        thanks="Gracias por su mensaje.",
        sorry="Gracias por avisarnos. Sentimos las molestias.",
        ask="Para poder ayudarle, ¿podría enviarnos {needed}?",
        again="Si ya lo ha enviado, le rogamos que lo compruebe.",
        asked={
            Intent.ORDER: "su número de pedido, que figura en la confirmación",
            Intent.TRACKING: "su número de pedido o el número de seguimiento del paquete",
            Intent.REFUND: "su número de pedido y el nombre de los artículos",
            Intent.APPOINTMENT: "el día y la hora que prefiere y el nombre de la cita",
        },
        asked_else="algún detalle más sobre su consulta",
        record="Estos son los detalles:",
        more="Si necesita algo más, responda a este correo.",
        nothing="Si desea añadir algo, responda a este correo.",
        close="Un cordial saludo",
    ),
}
_ENGLISH = _FRAMES["English"]
# What somebody wants of an order is said back to them; whether it can be done no tool says.
CANCEL = "You asked us to cancel this order."
_CANCELS = re.compile(r"\bcancel (?:my|our|the|this|it|order|[A-Z]{1,5}-\d)", re.IGNORECASE)
# Of a past reply only what it asks for is taken, and nothing that may be about somebody else's case.
_PARTICULAR = re.compile(
    r"\d|[€$£@#]|https?:|\b(?:mr|mrs|ms|dr|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow|yesterday|"
    r"will|shall|refund\w*|shipp\w*|sent|deliver\w*|cancel\w*|confirm\w*|arriv\w*|replac\w*|discount\w*|guarantee\w*|"
    r"free|paid|dispatch\w*|stock|january|february|march|april|may|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]{12,200}[.!?]")
_ASKS = re.compile(r"^(?:please|could you|would you|can you)\b|\?$", re.IGNORECASE)
_NAMED = re.compile(r"(?<=[a-z,;:] )[A-Z]")
_FRAME = re.compile(
    r"^(?:dear|hello|hi|hey|good (?:morning|afternoon|evening)|kind regards|best|yours|regards|sincerely|thank)", re.I
)


@dataclass(frozen=True, slots=True)
class Written:
    """body: plain text. made_by: TEMPLATE, or VERIFICATION when it asks for what is missing."""

    body: str
    made_by: MadeBy


def write_reply(intent: Intent, materials: Materials) -> Written:
    """The reply to materials.message; it never raises and never states what the materials do not."""
    frame = _frame(materials)
    facts = _facts(materials, frame)
    if intent in TOOL_REQUIRED and not facts:
        return Written(write_verification(intent, materials), MadeBy.VERIFICATION)
    known = [*facts, *_snippet(intent, materials, facts), *_plain_sentences(materials.replies)]
    opening = frame.sorry if intent == Intent.COMPLAINT else frame.thanks
    if facts and frame is _ENGLISH:
        wish = CANCEL if intent == Intent.ORDER and _CANCELS.search(materials.message[:MOST_READ]) else ""
        known[0] = " ".join(part for part in (opening, wish, known[0]) if part)
    else:
        known.insert(0, opening)
    known.append(frame.more if len(known) > 1 or facts else frame.nothing)
    return Written(_framed(frame, materials, known), MadeBy.TEMPLATE)


def write_verification(intent: Intent, materials: Materials) -> str:
    """The reply that states nothing and asks for what is needed to look the matter up."""
    frame = _frame(materials)
    said = f"{materials.subject}\n{materials.message[:MOST_READ]}"
    asks = [frame.thanks, frame.ask.format(needed=frame.asked.get(intent, frame.asked_else))]
    asks += [frame.again] if named_orders(said) or named_parcels(said) else []
    return _framed(frame, materials, [" ".join(asks)])


def _frame(materials: Materials) -> _Frame:
    return _FRAMES.get(language_of(f"{materials.subject}\n{materials.message}"[:2000]), _ENGLISH)


def _framed(frame: _Frame, materials: Materials, parts: Sequence[str]) -> str:
    names = materials.customer.split()
    first = names[0] if names and names[0].isalpha() and len(names[0]) <= LONGEST_NAME else ""
    greeting = f"{frame.hello} {first}," if first else f"{frame.hello},"
    return "\n\n".join((greeting, *parts, f"{frame.close}\n{materials.business}"))


def _facts(materials: Materials, frame: _Frame) -> list[str]:
    """What the tools said. The same thing is told once, whichever of them said it."""
    if frame is _ENGLISH:
        return list(dict.fromkeys(text for _, data in materials.tools for text in told(data)))
    facts = list(dict.fromkeys(text for _, data in materials.tools for text in labelled(data)))
    return [f"{frame.record}\n{facts[0]}", *facts[1:]] if facts else []


def _snippet(intent: Intent, materials: Materials, facts: Sequence[str]) -> list[str]:
    """The best snippet; none beside the facts of an order, which say how this one stands and not how they do."""
    if not materials.snippets or (facts and intent in (Intent.ORDER, Intent.TRACKING)):
        return []
    return [materials.snippets[0][1].strip()]


def _plain_sentences(replies: Sequence[tuple[str, str]]) -> list[str]:
    """What the most alike past reply asks for, where that is about nobody in particular."""
    if not replies:
        return []
    found = (match.group().strip() for match in _SENTENCE.finditer(replies[0][1][:4000]))
    kept = [
        one
        for one in found
        if _ASKS.search(one) and not (_PARTICULAR.search(one) or _NAMED.search(one) or _FRAME.match(one))
    ]
    return [" ".join(kept[:MOST_SENTENCES])] if kept else []
