"""RULE: whose data a draft may say: the business's and this customer's. What else it says is masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apps.drafts.guardrails.privacy import LABELS, Allowed, allowed_of, mask
from apps.drafts.guardrails.recipients import bare
from apps.drafts.guardrails.splitting import letters_in
from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Context, Finding, StageVerdict
from apps.drafts.states import Stage

_PERSON_KEYS = table(
    """
    customer_name full_name first_name last_name recipient recipient_name buyer buyer_name contact contact_name
    holder cardholder account_holder customer client client_name guest guest_name patient patient_name ordered_by
    shipped_to ship_to_name billing_name shipping_name user_name username surname given_name family_name fullname
    customername
    """
)
_PERSON_PARENTS = table(
    """
    customer buyer recipient user contact billing shipping patient client guest holder owner member account sender
    addressee
    """
)
_GREETING = re.compile(
    r"^[ \t>]{0,4}(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?"
    r"|sehr geehrte[rs]?|guten tag|bonjour|cher|chère|hola|estimad[oa]|ciao|gentile|beste|geachte)"
    r",?[ \t]{1,2}(?P<name>(?:(?:mr|mrs|ms|miss|dr|herr|frau|monsieur|madame|señora?|sr|sra|de heer"
    r"|mevrouw|prof|professor|doctor|captain|major|colonel|reverend|father|sister|lord"
    r"|lady)\.?[ \t])?(?-i:[A-ZÀ-Ý][\w'’-]{1,24}(?:[ \t][A-ZÀ-Ý][\w'’-]{1,24}){0,2}))",
    re.I | re.M,
)
_TITLE = re.compile(
    r"(?:mr|mrs|ms|miss|dr|herr|frau|monsieur|madame|señora?|sra?|de heer|mevrouw|prof|professor|doctor|captain"
    r"|major|colonel|reverend|father|sister|lord|lady)\.?\s",
    re.I,
)
_WITH_MAIL = re.compile(
    r"(?P<name>[A-ZÀ-Ý][\w'’-]{1,24}(?: [A-ZÀ-Ý][\w'’-]{1,24}){1,2})[ ,;:<(\[]{1,4}"
    r"(?P<mail>[\w.+-]{1,64}@[\w.-]{1,100}\w)"
)
_NOBODY = table(
    """
    there all team customer sir madam everyone friend folks again valued client user sirs madame monsieur kunde
    kundin damen herren guest member both support i i'm i've i'll we we're we've you your it it's this that as the
    professor doctor captain major colonel reverend father sister lord lady herr frau
    yes no sorry thanks thank please unfortunately of mr mrs ms miss
    """
)


def judge_privacy(subject: str, body: str, context: Context) -> tuple[StageVerdict, str, str, tuple[Finding, ...]]:
    """(verdict, masked subject, masked body, what was masked: offsets of the masked body, originals with it)."""
    allowed, names = terms_of(context)
    subject, in_subject = mask(subject, allowed, names)
    body, in_body = mask(body, allowed, names)
    found = (*in_body, *(Finding(f.kind, 0, 0, f.text, f.words, f.original, "subject") for f in in_subject))
    if not found:
        return StageVerdict(Stage.PRIVACY, "pass", "It says nothing of anybody else."), subject, body, ()
    kinds = ", ".join(sorted({LABELS[f.kind] for f in found}))
    shown = tuple(Finding(f.kind, f.start, f.end, f.text, f.words, place=f.place) for f in found)
    verdict = StageVerdict(Stage.PRIVACY, "fail", f"Personal data was masked: {kinds}.", shown)
    return verdict, subject, body, found


def terms_of(context: Context) -> tuple[Allowed, frozenset[str]]:
    """(what a draft may say, the names of others which it may not). The same terms hold for what a prompt may say."""
    mine = _Mine(context)
    for tool in context.tools:
        mine.read(tool.data)
    own = [*context.own, *context.customer]
    own += [part for one in (*context.recipients.to, *context.recipients.cc) for part in (one.address, one.name)]
    snippets = [p.text for p in context.passages if p.kind == "snippet"]
    ours = [t.text for t in context.thread if t.direction == "out"]
    theirs = [t.text for t in context.thread if t.direction == "in"]
    # What the customer wrote lets their phone and street pass, but no address: it may be where an attacker listens.
    allowed = Allowed((*own, *snippets, *ours), (*own, *snippets, *ours, *theirs, *mine.allowed))
    names = mine.names
    for passage in context.passages:
        if passage.kind != "snippet":
            names |= {n for n in names_greeted(passage.text) if not mine.knows(n)}
    may = " ".join([*theirs, *snippets, *ours, *own]) if names else ""
    return allowed, frozenset(name for name in names if name not in may)


def names_greeted(text: str) -> Iterator[str]:
    """Names behind "Dear" or "Hello", without their title; the first name on its own as well."""
    for found in _GREETING.finditer(text):
        name = _TITLE.sub("", found["name"]).strip()
        if name[:1].isupper() and name.split()[0].lower().replace("’", "'") not in _NOBODY:
            yield name
            if " " in name:
                yield name.split()[0]


class _Mine:
    """Reads tool data record by record: what is this customer's is allowed, names of others are not."""

    def __init__(self, context: Context) -> None:
        known = [*context.customer, *(part for a in context.recipients.to for part in (a.address, a.name))]
        self.emails = {bare(k) for k in known if "@" in k}
        self.words = {w for k in known if "@" not in k for w in _words(k)}
        self.own = {w for k in context.own if "@" not in k for w in _words(k)}
        self.locals = {w for e in self.emails for w in re.findall(r"[a-z]{3,}", e.partition("@")[0])}
        self.allowed: list[str] = []
        self.names: set[str] = set()

    def knows(self, name: str) -> bool:
        """Whether it is this customer's name, or one of the business."""
        return bool(_words(name) & (self.words | self.own | self.locals))

    def read(self, value: Any, parent: str = "", whose: str = "", depth: int = 0) -> None:
        if depth > 12:
            return
        if isinstance(value, dict):
            whose = self._whose(value, parent) or whose
            for key, inner in value.items():
                self._leaf(str(key).lower(), inner, parent, whose)
                self.read(inner, str(key).lower(), whose, depth + 1)
        elif isinstance(value, list | tuple):
            for inner in value:
                if isinstance(inner, str) and "@" in inner:
                    self._beside_mail(inner)
                self.read(inner, parent, whose, depth + 1)

    def _beside_mail(self, text: str) -> None:
        """Names that stand in one value with an address of somebody else: "Ann Other <ann@example.com>"."""
        for found in _WITH_MAIL.finditer(text[:2000]) if self.emails else ():
            if bare(found["mail"]) not in self.emails and not self.knows(found["name"]):
                self.names |= {found["name"], *(part for part in found["name"].split() if len(part) > 2)}

    def _whose(self, record: Mapping[str, Any], parent: str) -> str:
        """theirs | other | empty when the record does not say."""
        mails = _addresses(record)
        for key, inner in record.items():
            if isinstance(inner, dict) and str(key).lower() in _PERSON_PARENTS:
                mails |= _addresses(inner)
        if mails and self.emails:
            return "theirs" if mails & self.emails else "other"
        named = [v for k, v in record.items() if isinstance(v, str) and self._is_person(str(k).lower(), parent, record)]
        if named and self.words:
            return "theirs" if any(self.knows(name) for name in named) else "other"
        return ""

    @staticmethod
    def _is_person(key: str, parent: str, record: Mapping[str, Any]) -> bool:
        return key in _PERSON_KEYS or (
            key == "name" and (parent in _PERSON_PARENTS or "email" in record or "phone" in record)
        )

    def _leaf(self, key: str, value: Any, parent: str, whose: str) -> None:
        if not isinstance(value, str) or not value.strip():
            return
        if "@" in value:
            self._beside_mail(value)
        if whose != "other":
            self.allowed.append(value)
        elif (key in _PERSON_KEYS or (key == "name" and parent in _PERSON_PARENTS | {""})) and not self.knows(value):
            name = value.strip()[:80]
            if "@" not in name and any(c.isalpha() for c in name):
                self.names |= {name, *(part for part in name.split() if len(part) > 2 and part[0].isupper())}


def _addresses(record: Mapping[str, Any]) -> set[str]:
    """The e-mail addresses that its fields are."""
    return {bare(v) for v in record.values() if isinstance(v, str) and "@" in v and " " not in v.strip()}


def _words(text: str) -> set[str]:
    return {word for word in letters_in(text) if len(word) > 1}


__all__ = ["allowed_of", "judge_privacy", "names_greeted", "terms_of"]
