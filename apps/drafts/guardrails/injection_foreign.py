"""RULE: how texts try to instruct whoever drafts the reply, in languages other than English."""

from __future__ import annotations

import re

# In other languages: what is done, and to what, within a short distance of each other.
_OVERRIDES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    ("override", re.compile(rf"(?:{verbs})[^\n]{{0,60}}?(?:{things})(?:[^\n]{{0,12}})", re.I))
    for verbs, things in (
        (
            r"\bignorier|\bvergi(?:ss|ß)|\bvergessen\b|\bmissacht|\bbeachten? (?:sie )?nicht|\büberspring"
            r"|\blass(?:en)? .{0,10}außer acht|\bverwirf",
            r"anweisung|instruktion|vorherig|bisherig|obige|zuvor|vorhin|davor|regeln|befehl|prompt|vorgabe|alles"
            r"|aufgabe|richtlinie|kontext",
        ),
        (
            r"\bignore[zrs]?\b|\boublie[zrs]?\b|\bne ten(?:ez|ir|ons) pas compte|\bdésobéi|\bfai(?:s"
            r"|tes) abstraction|\bnégligez?|\bpasse[zr]? outre",
            r"instructions?|consignes?|précédent|directives?|règles?|ci-dessus|ordres",
        ),
        (
            r"\bignor[ae]|\bolvid[ae]|\bomit[ae]|\bdescart[ae]|\bdesobede[cz]|\bno (?:sigas|hagas caso"
            r"|tengas en cuenta)|\bhaz caso omiso|\bpasa por alto",
            r"instrucci|anterior|reglas|indicaciones|órdenes|ordenes|directrices|tod[oa] lo",
        ),
        (
            r"\bignora|\bdimentica|\btrascura|\bnon (?:seguire|considerare|tenere conto)",
            r"istruzion|precedent|regole|ordini|indicazioni|direttive",
        ),
        (
            r"\bignor[ea]|\besque[çc]a|\bdesconsider|\bnão (?:siga|considere)",
            r"instruç|anterior|regras|ordens|diretrizes",
        ),
        (r"\bnegeer|\bvergeet|\bsla .{0,20}over", r"instructie|voorgaande|vorige|bovenstaande|regels|opdracht|eerdere"),
        (r"игнорир|забуд|не обращай|пренебре|отмени", r"инструкц|предыдущ|указан|правил|команд|всё|все"),
        (r"zignoruj|ignoruj|zapomnij|pomiń", r"instrukcj|poprzedni|polece|zasad|wszystk"),
        (r"ignorera|glöm|bortse", r"instruktion|tidigare|föregående|regler|ovan"),
        (r"zaboravi|ignori[šs]|zanemari", r"prethodn|uput|instrukcij|pravil|sve"),
        (r"yok say|görmezden gel|unut", r"talimat|önceki|kural"),
        (r"talimat|önceki", r"yok say|görmezden gel|unut|dikkate alma"),
        (r"忽略|无视|無視|忘记|忘掉|忘れ|不要遵", r"指令|指示|提示|之前|以上|规则|命令|上記|これまで|前面|所有"),
        (r"指令|指示|之前|以上|命令|上記|これまで|前の|以前の", r"忽略|无视|無視|忘记|忘れ"),
        (r"이전|지시|명령|지침|위의", r"무시|잊어"),
        (r"무시|잊어", r"이전|지시|명령|지침"),
        (r"تجاهل|انس[ىَ]?|تجاوز", r"التعليمات|السابق|الأوامر|القواعد"),
        (r"अनदेखा|नज़रअंदाज़|भूल|इग्नोर", r"निर्देश|पिछले|नियम"),
        (r"निर्देश|पिछले", r"अनदेखा|नज़रअंदाज़|भूल|इग्नोर"),
        (r"התעלם|שכח", r"הוראות|קודמ"),
        (r"αγνόησε|ξέχασε", r"οδηγίες|προηγούμεν"),
        (r"bỏ qua|quên", r"hướng dẫn|chỉ thị|trước"),
        (r"abaikan|lupakan", r"instruksi|perintah|sebelumnya"),
    )
)
# "Ignore my last message" is what customers write.
OWN_ABROAD = re.compile(
    r"\b(?:mi|mis|mein\w*|mon|ma|mes|mio|mia|miei|mijn|meu|minha|meus|mój|moj\w*)\b (?:\w+ ){0,2}?"
    r"(?:correo|mensaje|e-?mail|mail|nachricht|message|courriel|messaggio|bericht|mensagem|pedido|wiado\w*)",
    re.I,
)
FOREIGN: tuple[tuple[str, re.Pattern[str]], ...] = (
    *_OVERRIDES,
    (
        "role",
        re.compile(
            r"\b(?:du bist (?:jetzt|nun|ab)|sie sind (?:jetzt|nun|ab (?:jetzt|sofort))(?= (?:ein|eine|der|die|das"
            r"|mein))|ab (?:jetzt|sofort|nun) (?:bist|antworte|ignor|sollst|wirst)|tu so,? als|verhalte dich"
            r"|stell dir vor,? du|spiele? die rolle|agiere als|nimm die rolle|tu es (?:maintenant|désormais)"
            r"|agis(?:sez)? comme|comporte-toi|fais semblant|vous êtes (?:maintenant|désormais) (?:un|une|le|la)"
            r"|ahora eres|act[úu]a como|comp[óo]rtate como|finge (?:que|ser)|a partir de ahora|ora sei|agisci come"
            r"|fingi di|d'ora in poi|aja como|você agora é|agora você|finja|a partir de agora|je bent nu|doe alsof"
            r"|vanaf nu)\b|ты теперь|представь,? что ты|веди себя как|действуй как"
            r"|你现在是|扮演|あなたは今|ふりをして|너는 이제"
            r"|أنت الآن|ti si sada|ponašaj se kao|jesteś teraz|udawaj",
            re.I,
        ),
    ),
    (
        "reveal",
        re.compile(
            r"\b(?:system-?prompt|systemaufforderung|(?:zeige?|gib|nenne?|verrate?|wiederhole?"
            r"|schreibe?)\b[^\n]{0,40}?(?:prompt|anweisungen|instruktionen|systemnachricht|geheim|passwort"
            r"|passwörter|zugangsdaten)|(?:révèle|montre|affiche|donne|répète)\w*[^\n]{0,40}?(?:prompt|instructions"
            r"|consignes|mots? de passe)|(?:revela|muestra|imprime|dime|repite)\w*[^\n]{0,40}?(?:prompt"
            r"|instrucciones|contraseñas)|(?:rivela|mostra|stampa|ripeti)\w*[^\n]{0,40}?(?:prompt|istruzioni"
            r"|password)|(?:toon|onthul|herhaal|geef)\w*[^\n]{0,40}?(?:prompt|instructies|wachtwoord)|(?:revele"
            r"|mostre|repita)\w*[^\n]{0,40}?(?:prompt|instruções|senhas))|(?:покажи|раскрой|выведи"
            r"|повтори)[^\n]{0,40}?(?:промпт|инструкц|парол)|(?:显示|告诉我|输出|重复)[^\n]{0,20}?(?:提示词|系统提示|指令)|システムプロンプト"
            r"|시스템 프롬프트",
            re.I,
        ),
    ),
)

FOREIGN_CUES = (
    "anweis",
    "vorherig",
    "bisherig",
    "obige",
    "zuvor",
    "vergiss",
    "ignorier",
    "instruktion",
    "befehl",
    "prompt",
    "consigne",
    "précéd",
    "directive",
    "ci-dessus",
    "désorm",
    "oubli",
    "instrucc",
    "anterior",
    "olvid",
    "ahora eres",
    "istruz",
    "precedent",
    "dimentica",
    "instruç",
    "esque",
    "regras",
    "instructie",
    "negeer",
    "vergeet",
    "voorgaande",
    "bovenstaande",
    "instrukcj",
    "poprzed",
    "ignoruj",
    "zaboravi",
    "prethodn",
    "uput",
    "glöm",
    "föregå",
    "instruktion",
    "talimat",
    "önceki",
    "abaikan",
    "instruksi",
    "bỏ qua",
    "du bist",
    "tu so",
    "stell dir",
    "ab jetzt",
    "ab sofort",
    "verhalte",
    "agis",
    "actúa",
    "actua como",
    "finge",
    "a partir de",
    "d'ora",
    "fingi",
    "aja como",
    "agora",
    "doe alsof",
    "je bent nu",
    "vanaf nu",
    "fais semblant",
    "comport",
    " rolle",
    "sie sind",
    "tu es",
    "ora sei",
    "semblant",
    "udawaj",
    "jesteś teraz",
    "ti si sada",
    "ponašaj",
    "ignori",
    "zapomnij",
    "vergessen",
    "missacht",
    "mots de passe",
    "passw",
)
