"""RULE: which language a text is in, as far as stemming needs to know: by its script, else by its little words."""

import re

from apps.knowledge.words import fold

ENGLISH = "en"
# PostgreSQL's Snowball dictionaries, by ISO 639-1.
STEMMERS = {
    "ar": "arabic_stem", "da": "danish_stem", "de": "german_stem", "el": "greek_stem", "en": "english_stem",
    "es": "spanish_stem", "fi": "finnish_stem", "fr": "french_stem", "hi": "hindi_stem", "hu": "hungarian_stem",
    "it": "italian_stem", "nl": "dutch_stem", "no": "norwegian_stem", "pt": "portuguese_stem", "ro": "romanian_stem",
    "ru": "russian_stem", "sv": "swedish_stem", "tr": "turkish_stem",
}  # fmt: skip
_SCRIPTS = {
    "ru": re.compile("[\u0400-\u04ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
# Folded. Words that two languages share count for both.
_LITTLE = {
    "en": "the and of to is in you that it for on with are this be have not was at your my we can will from",
    "de": "der die und das ist nicht ich sie es ein eine mit auf fur den von zu im wir haben bitte wie wann kann mein",
    "fr": "le la les et des est que vous je une un pour dans pas nous avec sur mon ma votre du au ce il elle sont",
    "es": "el la los que de y en un una es por con para no se mi su las del como lo cuando donde esta pero al",
    "it": "il che di e la un una per non sono con mi del della ho le gli come quando questo anche piu nel alla",
    "nl": "de het een en van ik is dat niet op te met voor zijn aan mijn kan wij hebben wanneer bij ook naar om",
    "pt": "o a os que de e um uma nao em para com do da por se meu minha como mais foi voce no na quando esta",
    "sv": "och att det som en pa ar for av med jag inte den till ett har om min vi kan nar hur fran",
    "da": "og at det som en pa er for af med jeg ikke den til et har om min vi kan nar hvordan fra",
    "no": "og at det som en pa er for av med jeg ikke den til et har om min vi kan nar hvordan fra",
    "fi": "ja on ei se etta mutta kun oli han ovat tama mina sina kuin voi miten missa joka minun",
    "tr": "ve bir bu da de icin ile ne mi cok daha var ben sen nasil nerede degil olarak ama",
    "hu": "a az es hogy nem egy is van ez meg de en csak mar mint vagy hogyan mikor kell",
    "ro": "si de la un o in nu este ce cu pe ca mai sunt din pentru am care cum unde",
}
_SETS = {language: frozenset(words.split()) for language, words in _LITTLE.items()}
_WORD = re.compile(r"[^\W\d_]+")
_READ = 4000  # characters
_ENOUGH = 3


def language_of(text: str) -> str:
    """ISO 639-1; English where nothing else is clear."""
    text = text[:_READ]
    if not text.isascii():
        for language, letters in _SCRIPTS.items():
            if len(letters.findall(text)) * 2 > len(text.replace(" ", "")):
                return language
    words = _WORD.findall(fold(text))
    counts = {language: sum(word in little for word in words) for language, little in _SETS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= _ENOUGH and counts[best] > 1.2 * counts[ENGLISH] else ENGLISH


def stemmers_for_text(language: str) -> list[str]:
    """Its own stemmer, which also says what is too common to keep, and the English one: queries are often too short
    to tell their language."""
    own = STEMMERS[language]
    return [own] if language == ENGLISH else [own, STEMMERS[ENGLISH]]


def stemmers_for_query(query: str, languages: list[str]) -> list[str]:
    """The stemmers of every language the business writes in; first that of the query."""
    own = language_of(query)
    ordered = dict.fromkeys([own, ENGLISH, *languages])
    return [STEMMERS[language] for language in ordered if language in STEMMERS]
