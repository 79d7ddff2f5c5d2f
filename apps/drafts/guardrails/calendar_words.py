"""RULE: words for months, days, units, currencies and numbers, in the languages that a business may answer in."""

from __future__ import annotations

from apps.drafts.guardrails.tables import row, table


def _numbered(*rows: str) -> dict[str, int]:
    return {word: number for row in rows for number, group in enumerate(row.split(), 1) for word in group.split("|")}


MONTHS = _numbered(
    "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sep"
    "|sept october|oct november|nov december|dec",
    "januar|jänner februar märz|maerz april mai juni juli august september oktober|okt november dezember|dez",
    "janvier février|fevrier mars avril mai juin juillet août|aout septembre octobre novembre décembre|decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
)
# Words that are months only with a number or a year beside them, or with a capital letter.
WEAK_MONTHS = table("may mar mars jan sep sept dec oct nov apr jun jul feb mai mei dez okt marzo march august")
WEEKDAYS = _numbered(
    "monday|mondays tuesday|tuesdays wednesday|wednesdays thursday|thursdays friday|fridays saturday"
    "|saturdays sunday|sundays",
    "montag|montags dienstag|dienstags mittwoch|mittwochs donnerstag|donnerstags freitag|freitags samstag"
    "|samstags|sonnabend sonntag|sonntags",
    "lundi|lundis mardi|mardis mercredi|mercredis jeudi|jeudis vendredi|vendredis samedi|samedis dimanche|dimanches",
    "lunes martes miércoles|miercoles jueves viernes sábado|sabado|sábados|sabados domingo|domingos",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
)
RELATIVE = {
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "overnight": 1,
    "heute": 0,
    "morgen": 1,
    "übermorgen": 2,
    "gestern": -1,
    "aujourd'hui": 0,
    "demain": 1,
    "hier": -1,
    "hoy": 0,
    "mañana": 1,
    "ayer": -1,
    "oggi": 0,
    "domani": 1,
    "ieri": -1,
    "vandaag": 0,
    "gisteren": -1,
    "amanhã": 1,
    "ontem": -1,
    "hoje": 0,
}

# Hours of a unit; "bd" are days on which people work.
UNITS: dict[str, tuple[float, str]] = {
    word: (hours, kind)
    for words, hours, kind in (
        ("second seconds sec secs sekunden secondes segundos", 1 / 3600, ""),
        ("minute minutes min mins minuten minutos minuti", 1 / 60, ""),
        ("hour hours hr hrs h stunde stunden heure heures hora horas ora ore uur uren", 1, ""),
        ("day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen", 24, ""),
        (
            "werktag werktage werktagen arbeitstage arbeitstagen werkdag werkdagen ouvrés ouvrables hábiles lavorativi",
            24,
            "bd",
        ),
        ("night nights nacht nächte nuits noches notti nachten", 24, "night"),
        ("week weeks wk wks woche wochen semaine semaines semana semanas settimana settimane weken", 168, ""),
        ("fortnight fortnights", 336, ""),
        ("month months monat monate monaten mois mes meses mese mesi maand maanden", 720, "month"),
        ("year years yr yrs jahr jahre jahren an ans année années año años anno anni jaar jaren", 8760, "year"),
    )
    for word in words.split()
}
WORKING = table("business working work werk arbeits ouvrés ouvrables hábiles laborables lavorativi")

CURRENCIES = {
    "£": "GBP",
    "€": "EUR",
    "$": "USD",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₩": "KRW",
    "zł": "PLN",
    "kč": "CZK",
    "us$": "USD",
    "a$": "AUD",
    "c$": "CAD",
    "ca$": "CAD",
    "au$": "AUD",
    "r$": "BRL",
    "nz$": "NZD",
    "hk$": "HKD",
    "s$": "SGD",
    "chf": "CHF",
    "fr.": "CHF",
    "gbp": "GBP",
    "eur": "EUR",
    "usd": "USD",
    "jpy": "JPY",
    "inr": "INR",
    "rs": "INR",
    "rs.": "INR",
    "aud": "AUD",
    "cad": "CAD",
    "nzd": "NZD",
    "sek": "SEK",
    "nok": "NOK",
    "dkk": "DKK",
    "pln": "PLN",
    "czk": "CZK",
    "huf": "HUF",
    "sgd": "SGD",
    "hkd": "HKD",
    "cny": "CNY",
    "rmb": "CNY",
    "brl": "BRL",
    "mxn": "MXN",
    "zar": "ZAR",
    "try": "TRY",
    "aed": "AED",
    "krw": "KRW",
    "thb": "THB",
    "ils": "ILS",
    "euro": "EUR",
    "euros": "EUR",
    "pound": "GBP",
    "pounds": "GBP",
    "quid": "GBP",
    "dollar": "USD",
    "dollars": "USD",
    "bucks": "USD",
    "yen": "JPY",
    "rupees": "INR",
    "francs": "CHF",
    "franken": "CHF",
    "kr": "SEK",
    "kronor": "SEK",
    "kroner": "DKK",
    "pence": "GBp",
    "p": "GBp",
    "cents": "c",
    "cent": "c",
}
# A bare "$" or "kr" is the currency of several states.
KIN = {
    "USD": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"},
    "SEK": {"SEK", "NOK", "DKK"},
    "DKK": {"SEK", "NOK", "DKK"},
    "JPY": {"JPY", "CNY"},
}

_ENGLISH = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
NUMBERS: dict[str, int] = {word: n for n, word in enumerate(_ENGLISH.split(), 1)}
NUMBERS |= {w: n * 10 for n, w in enumerate(row("twenty thirty forty fifty sixty seventy eighty ninety"), 2)}
NUMBERS |= {"hundred": 100, "thousand": 1000, "dozen": 12, "zero": 0, "fourty": 40}
NUMBERS |= {w: n for n, w in enumerate(row("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"), 2)}
NUMBERS |= {
    "vierzehn": 14,
    "dreißig": 30,
    "deux": 2,
    "trois": 3,
    "quatre": 4,
    "cinq": 5,
    "sept": 7,
    "huit": 8,
    "neuf": 9,
    "dix": 10,
    "quinze": 15,
    "vingt": 20,
    "trente": 30,
    "zwanzig": 20,
    "veinte": 20,
    "treinta": 30,
    "venti": 20,
    "trenta": 30,
    "twintig": 20,
    "dertig": 30,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
    "cinco": 5,
    "siete": 7,
    "ocho": 8,
    "nueve": 9,
    "diez": 10,
    "quince": 15,
    "twee": 2,
    "drie": 3,
    "vijf": 5,
    "tien": 10,
    "due": 2,
    "tre": 3,
    "quattro": 4,
    "cinque": 5,
    "dieci": 10,
}
ORDINALS = {
    w: n
    for n, w in enumerate(
        row(
            """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    """
        ),
        1,
    )
}
ORDINALS |= {f"twenty-{w}": 20 + n for w, n in list(ORDINALS.items())[:9]} | {"thirtieth": 30, "thirty-first": 31}
