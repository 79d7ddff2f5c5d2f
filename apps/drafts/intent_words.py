"""RULE: the words by which a mail says what it wants, in English, German, French and Spanish, each with its weight.

Weights were set by hand: 5 is a phrase that says it outright, 3 a word that seldom means anything else, 1.5 one that
often does. Each pattern counts once, however often it is found. Patterns are for what `plain_words` gives: each begins
at the space before a word, which the search for it leaps to.
"""

import re

from apps.drafts.states import Intent


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile(" (?:" + "|".join(alternatives) + ")(?= )")


_OTHERS = re.compile(r"[^\w'#-]+")


def plain_words(text: str) -> str:
    """The words in lower case, a space before and after each."""
    return f" {_OTHERS.sub(' ', text.lower().replace('’', chr(39)))} "


_PARCEL = r"(?:order|parcel|package|packet|delivery|shipment|stuff|things|items?|goods)"
# fmt: off
_TRACKING = (
    (5.0, _pattern(
        rf"where(?:'s|s| is| are) (?:my|our|the|this|it) ?{_PARCEL}?",
        rf"whereabouts of .{{0,20}}{_PARCEL}",
    )),
    (3.0, _pattern(r"track(?:ing|ed)?", r"consignment", r"waybill", r"whereabouts", r"in transit", r"eta")),
    (2.5, _pattern(
        r"(?:not|never|hasn't|haven't|hasnt|didn't|nothing|yet to) (?:yet |even )?(?:arrived?|come|came"
        r"|turned up|been delivered|shown up)",
        r"(?:not|never|haven't|hasn't) (?:yet )?received (?:my|our|the|any|it|this|anything)(?! credit|"
        r" refund| money)",
    )),
    (2.0, _pattern(r"parcels?", r"packages?", r"courier", r"carrier", r"shipments?", r"depot", r"delivery status")),
    (2.5, _pattern(
        r"when (?:will|does|should|can|do|is|are) (?:i|we|it|my|our|the|this) .{0,40}(?:arrive|come"
        r"|delivered|expect|receive|get here|be here|due)",
        r"when (?:can|should|may) (?:i|we) expect",
        r"(?:left|leave) (?:your|the) (?:warehouse|stor\w+|shop)",
        r"(?:been|already|was it) (?:sent out|shipped|dispatched|posted)",
        r"(?:still )?waiting for (?:my|our|the|it|this|order|[a-z]+-\d+)",
        r"no (?:sign|trace|news|word) of (?:it|my|our|the)",
        r"(?:order|parcel|package|delivery|it) (?:is|was|got|must be|seems) (?:very |so )?(?:late|lost"
        r"|delayed|overdue)",
        r"nobody has told me", r"haven't heard (?:anything|back)", r"no news",
        r"delivered (?:today|tomorrow|on|by|before)", r"(?:it|they) comes? before", r"how much longer",
        r"supposed to (?:get|arrive|come|be delivered|receive)",
        r"(?:was|were|is|are) (?:due|expected) .{0,30}(?:and|but)", r"did not (?:show|arrive|come)",
        r"stuck in customs", r"should (?:be|have been) here",
        r"status of (?:my|our|the) (?:shipment|delivery|parcel)", r"label created",
        r"(?:which|what) day will", r"reach me",
        r"(?:has|have) (?:my|our|the) \w+ shipped", r"update on (?:when|my delivery)", r"signed for",
    )),
    (1.0, _pattern(
        r"deliver(?:y|ed|ies)?", r"shipp(?:ed|ing)", r"dispatched", r"arriv(?:e|al|ed|ing)",
        r"still waiting",
    )),
    (4.0, _pattern(
        r"wo (?:ist|bleibt|sind) (?:mein|meine|die|das|unser\w*)",
        r"sendungs(?:nummer|verfolgung|status)",
        r"wann (?:kommt|kommen|wird|trifft|erhalte|erwarte)(?! .{0,20}geld)",
        r"(?:noch )?(?:nicht|nichts) (?:da|an(?:ge)?kommen|geliefert|erhalten|eingetroffen)",
        r"o[uù] (?:est|sont|en est) (?:mon|ma|mes|notre|le|la)", r"num[eé]ro de suivi",
        r"(?:pas|rien|jamais) (?:encore )?re[cç]u",
        r"quand (?:vais-je|est-ce que je vais|allons-nous) recevoir",
        r"quand (?:arrive|arrivera|sera livr)\w*", r"d[oó]nde est[aá]n? (?:mi|mis|el|la)",
        r"n[uú]mero de seguimiento",
        r"(?:no (?:me )?(?:ha|han)|todav[ií]a no|a[uú]n no)(?: me)?(?: ha| han)? (?:llegado|entregado|recibido)",
        r"cu[aá]ndo (?:llega|llegar[aá]|recibir[eé])", r"(?:seit .{0,20})?unterwegs",
        r"sollte .{0,20}geliefert", r"devait arriver", r"[uü]berf[aä]llig", r"est bloqu[eé]e?",
        r"no (?:aparece|llega)", r"deb[ií]a llegar",
    )),
    (1.5, _pattern(
        r"pakete?s?", r"sendung", r"lieferung", r"colis", r"livraison", r"paquete", r"env[ií]o",
        r"entrega",
    )),
)
_ORDER = (
    (1.8, _pattern(
        r"(?:my|our|the|an|this|two|both) (?:last )?(?:orders?|purchase)",
        r"i(?:'ve| have)? (?:just )?ordered", r"we ordered",
    )),
    (3.0, _pattern(
        r"(?:change|amend|cancel|modify|update|add .{0,30}to|status of|check|combine|delete|stop|confirm"
        r"|hold|swap|remove .{0,30}from|ship)(?: on)? (?:my|our|the|an|this|both|one of|[a-z]{1,5}-\d+)"
        r" ?(?:orders?|purchase|[a-z]{1,5}-\d+|delivery address|order)?",
        r"(?:delivery|shipping|billing|invoice) address",
        r"status of (?:this|my|our|the) (?:order|purchase)", r"order confirmation",
        r"confirmation (?:e-?mail|mail)", r"order go through", r"order complete", r"back ?order",
        r"(?:payment|paid) (?:for|of) [a-z]{1,5}-\d+", r"received my (?:order|payment)",
        r"gift (?:note|message)", r"wrong (?:size|colour|color|item|article|product|street|address)",
        r"sent me (?:a|an|the) .{0,30}instead", r"instead of (?:one|two|three|a |an |the )",
        r"(?:hold|keep) (?:this|it|my order|the order) back", r"after ordering",
        r"(?:get|got) (?:my|our) order", r"hinzuf[uü]gen", r"pro ?forma",
        r"although i ordered", r"i ordered an? \w+ ago", r"wrong (?:phone|number|e-?mail|name|house)",
        r"with my order", r"(?:was|were) not in the (?:box|parcel|package)", r"keep the rest",
        r"instead of my",
    )),
    (1.8, _pattern(r"invoice", r"receipt", r"confirmation", r"purchase")),
    (2.0, _pattern(
        r"cancel(?:led|lation)?", r"(?:missing|was missing|were missing) (?:items?|parts?|from)",
        r"what exactly i ordered", r"discount code", r"my code", r"voucher",
    )),
    (4.0, _pattern(
        r"bestellung (?:\S+ )?(?:stornieren|[aä]ndern)", r"storn\w+", r"rechnung(?!en)\w*",
        r"auftragsbest[aä]tigung", r"bestellbest[aä]tigung", r"annuler (?:ma|la|notre|une) commande",
        r"modifier (?:ma|la|notre) commande", r"(?:la|une|ma) facture",
        r"(?:cancelar|modificar|cambiar) (?:mi|el|un|nuestro) pedido", r"(?:la|una|mi) factura",
        r"doppelt bestellt", r"lieferadresse", r"rechnungsadresse", r"tromp[eé]e? d'adresse",
        r"adresse de livraison", r"mal la direcci[oó]n", r"direcci[oó]n de (?:env[ií]o|entrega)",
    )),
    (1.5, _pattern(
        r"(?:meine|die|unsere|eine) bestellung", r"(?:ma|la|notre|une) commande",
        r"(?:mi|el|un|nuestro) pedido",
    )),
)
_REFUND = (
    (3.5, _pattern(
        r"refund(?:ed|s|ing)?", r"(?:money|payment) back", r"reimburse(?:d|ment)?",
        r"charged? .{0,20}twice", r"charged twice", r"billed twice", r"double charge\w*",
        r"reverse the charge", r"chargeback",
        r"withdraw from (?:the|my|our) (?:contract|purchase|order)", r"credit (?:note|for)",
        r"(?:received|get) (?:the|my) credit", r"(?:money|credit) .{0,30}(?:in|on|to) my account",
        r"give .{0,20}(?:one of them|it|the money) back", r"transfer .{0,30}back", r"owe me", r"repay",
        r"swap it for",
        r"see (?:the|my) .{0,15}(?:euros?|eur|pounds|dollars|money)", r"my money", r"return label",
        r"my return", r"returned parcel", r"changed my mind", r"do(?:es)? not want (?:it|them)",
    )),
    (3.0, _pattern(
        r"send(?:ing)? (?:it|them|this|these|everything|the \w+|my \w+) back",
        r"sent (?:it|them|the \w+)? ?back", r"return (?:it|them|this|the|my|our|label|slip|an?|one)",
        r"how (?:do|can) i return", r"exchange (?:it|them|this|the|my)", r"came back to you",
        r"don't want (?:it|them) any ?more",
    )),
    (2.0, _pattern(r"return(?:ed|ing|s)?(?! policy)", r"overcharged", r"billed", r"exchange")),
    (4.0, _pattern(
        r"(?:r[uü]ck)?erstatt\w*", r"r[uü]ckzahlung", r"geld zur[uü]ck", r"r[uü]ckgabe", r"widerruf\w*",
        r"retour(?:e|en|enschein)",
        r"zur[uü]ck(?:schicken|senden|geben|geschickt|gesendet|zuschicken|zusenden|zugeben)",
        r"umtauschen", r"umtausch", r"rembours\w*", r"retourner", r"renvoyer",
        r"rendre (?:la|le|les|cet|cette)", r"mon argent", r"[eé]changer", r"reembols\w*",
        r"devoluci[oó]n", r"devolver\w*", r"mi dinero", r"(?:das|mein|unser) geld", r"zur[uü]cktreten",
        r"r[uü]cktritt", r"gutschrift", r"retourniert", r"devuelv\w*", r"el dinero", r"l'argent",
    )),
)
_APPOINTMENT = (
    (4.0, _pattern(r"appointments?", r"reschedul(?:e|ed|ing)", r"(?:time ?)?slots?")),
    (2.5, _pattern(
        r"book(?:ing|ed)?", r"reserv(?:e|ation|ed)", r"visit", r"calendar",
        r"available (?:on|at|times?)", r"fit (?:us|me) in", r"free (?:times?|on|next)",
        r"times .{0,20}free", r"free .{0,12}(?:monday|tuesday|wednesday|thursday|friday|saturday)",
        r"arrange (?:a|another) (?:time|date|day|visit|call)",
        r"come and (?:see|look|measure|visit|view)", r"consultation", r"our meeting", r"an? meeting",
        r"my fitting", r"the fitting", r"a viewing", r"view the", r"drop by", r"when do you have time",
        r"stop by",
        r"(?:would|does|will) .{0,25}suit", r"suits? (?:you|me|us)", r"video call",
        r"(?:can't|cannot) make it", r"is \w+day possible", r"\w+day instead",
        r"for the (?:measuring|fitting|viewing|consultation)",
    )),
    (1.5, _pattern(r"meet(?:ing)?", r"come (?:by|in|over)", r"fitting", r"viewing", r"showroom", r"advis[eo]rs?")),
    (5.0, _pattern(
        r"termine?s?", r"terminvereinbarung", r"besichtigung\w*", r"terminvorschlag", r"rendez-?vous",
        r"(?:una|mi|la|pedir|reservar|otra) cita", r"cita previa", r"cita", r"vorbeikommen",
        r"vorbeischauen", r"se voir", r"reservar una (?:hora|mesa|cita)",
        r"passer (?:vous|au|vendredi|lundi|mardi|mercredi|jeudi)",
        r"visitar (?:la|el|su)", r"asesor\w*",
    )),
)
_COMPLAINT = (
    (3.0, _pattern(
        r"complain(?:t|ts|ing)?", r"unacceptable", r"disgust(?:ed|ing)", r"disgrace(?:ful)?",
        r"appalling", r"furious", r"ridiculous", r"outrageous", r"a joke", r"shocking", r"fed up",
        r"(?:never|not) (?:had|seen|experienced) such",
        r"(?:poor|bad|awful|terrible|lousy|horrible) (?:service|quality|experience)",
        r"(?:really|very|so|extremely|quite) (?:annoyed|angry|upset|unhappy|rude|disappoint\w+|frustrat\w+)",
        r"not what (?:i|we) paid for", r"expected better", r"waste of (?:money|time)",
        r"never (?:buy|order|shop) .{0,20}again", r"hung up", r"not happy", r"cheated", r"lied", r"treated",
        r"(?:promised|told) .{0,25}(?:nothing|never|but)",
        r"(?:no|without) (?:reply|answer) (?:to|from)",
    )),
    (3.0, _pattern(
        r"broken", r"damaged", r"faulty", r"defect(?:ive|s)?", r"crack(?:ed|s)?", r"stopped working",
        r"smashed", r"shattered", r"ripped", r"torn", r"dent(?:ed|s)?", r"scratch(?:ed|es)?",
        r"stain(?:ed|s)?", r"leak(?:s|ing|ed)?", r"wobbl(?:es|y|ing)", r"chipped", r"bent", r"in pieces",
        r"fell apart", r"falls apart", r"came off",
        r"(?:does not|doesn't|won't|isn't|not) (?:work|working|turn on|switch on|close|light up)",
        r"one leg is", r"shorter than", r"too short by", r"peeling", r"mould\w*", r"rust\w*", r"loose",
        r"flicker(?:s|ing)?", r"broke(?: off)?", r"frayed", r"stuck", r"comes off", r"soaked", r"wet",
        r"hole", r"dead on arrival",
        r"missing screws", r"falling apart", r"bad condition",
    )),
    (2.0, _pattern(
        r"disappoint(?:ed|ing|ment)", r"unhappy", r"terrible", r"worst", r"rude", r"let down",
        r"annoyed", r"on hold", r"nobody (?:answers|replies|cares|responds)",
        r"no one (?:answers|replies|cares)", r"third time",
    )),
    (4.0, _pattern(
        r"kaputt\w*", r"besch[aä]digt\w*", r"defekt\w*", r"kratzer", r"zerbrochen\w*", r"reklam\w*",
        r"beschwer\w*", r"entt[aä]usch\w*", r"unversch[aä]mt\w*", r"nicht akzeptabel",
        r"inakzeptabel\w*", r"mangelhaft\w*", r"funktioniert nicht", r"riss", r"flacker\w*", r"tordue?s?",
        r"loch", r"delle",
        r"katastroph\w*", r"furchtbar\w*", r"schrecklich\w*", r"un trou", r"catastroph\w*", r"horrible",
        r"fatal", r"un agujero", r"terrible", r"cass[eé]e?s?", r"ab[iî]m[eé]e?s?", r"endommag\w*",
        r"d[eé]fectueu\w*", r"r[eé]clamation", r"d[eé][cç]ue?s?", r"lamentable", r"inadmissible",
        r"inacceptable", r"ne (?:marche|fonctionne) (?:pas|plus)", r"ray[eé]e?s?",
        r"personne ne r[eé]pond", r"rot[oa]s?", r"da[nñ]ad[oa]s?", r"defectuos[oa]s?", r"queja",
        r"reclamaci[oó]n", r"decepcionad[oa]s?", r"inaceptable", r"p[eé]sim[oa]", r"no funciona",
    )),
)
_GENERAL = (
    (2.5, _pattern(
        r"do you (?:have (?:the|any|a|an|this|these)(?! news| update| free| eta)|sell|offer|stock|ship"
        r"|accept|deliver|make|give|also)",
        r"opening (?:hours|times)", r"how (?:do|can) (?:i|we) (?!return|send|get my|exchange)",
        r"(?:your|the) (?:returns?|refund|shipping|delivery|privacy) (?:policy|conditions|terms|costs?)",
        r"how (?:tall|big|wide|heavy|long|deep|large|high) (?:is|are)",
        r"(?:usually|normally|generally|in general)", r"back in stock", r"in stock", r"machine washable",
        r"made (?:in|of|from)", r"price list", r"mailing list", r"thinking of buying",
        r"(?:can|could|may) (?:i|we|one) pay", r"pay (?:by|with)", r"can you ship", r"can you deliver",
        r"(?:do|does) (?:the|your|it) (?!arrive)", r"what (?:is|are) the (?:difference|dimensions|size)",
        r"sample", r"instal?lments", r"(?:guarantee|warranty) on", r"send me your",
        r"just wanted to say", r"is (?:beautiful|lovely|great|wonderful)",
    )),
    (2.0, _pattern(
        r"are you (?:open|hiring)", r"gift (?:card|wrap)s?", r"newsletter", r"unsubscribe", r"catalogue",
        r"your (?:policy|terms|website|address|shop|store)", r"password",
        r"my (?:customer )?account(?! yet)", r"log ?in", r"(?:discount|reduction) for", r"parking",
        r"wholesale", r"partnership", r"job", r"cv", r"apply for",
    )),
    (1.5, _pattern(
        r"question about", r"wondering", r"price of", r"how much (?:is|are|does|do)",
        r"thank(?:s| you) (?:so much|very much|a lot|for the|for your)", r"everything arrived",
        r"lovely", r"wonderful", r"great service", r"is the", r"i'd like to know whether",
    )),
    (4.0, _pattern(
        r"[oö]ffnungszeiten", r"ge[oö]ffnet", r"liefern sie", r"verkaufen sie", r"gibt es (?:bei )?",
        r"bieten sie", r"versenden sie", r"haben sie (?:auch|am|den|die|das|einen|eine)",
        r"ist (?:der|die|das) .{3,30} aus", r"gutschein\w*", r"gut angekommen", r"vielen dank f",
        r"quelles? (?:est|sont)", r"combien", r"cu[aá]nto (?:cuesta|vale|es|tarda)", r"cu[aá]les son",
        r"wie (?:hoch|gross|groß|breit|schwer|viel|lange dauert)", r"was kostet", r"horaires",
        r"ouverts?", r"livrez-vous", r"vendez-vous", r"avez-vous (?:des|le|la|les|un|une|aussi)",
        r"acceptez-vous", r"exp[eé]diez-vous", r"bien arriv[eé]e?s?", r"merci beaucoup", r"horario",
        r"abren", r"abiertos?", r"hacen env[ií]os", r"venden", r"tienen (?:el|la|los|las|un|una)",
        r"aceptan", r"muchas gracias por",
    )),
)
# fmt: on
EVIDENCE: tuple[tuple[Intent, float, re.Pattern[str]], ...] = tuple(
    (intent, weight, pattern)
    for intent, patterns in (
        (Intent.TRACKING, _TRACKING),
        (Intent.ORDER, _ORDER),
        (Intent.REFUND, _REFUND),
        (Intent.APPOINTMENT, _APPOINTMENT),
        (Intent.COMPLAINT, _COMPLAINT),
        (Intent.GENERAL, _GENERAL),
    )
    for weight, pattern in patterns
)
