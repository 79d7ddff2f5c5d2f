"""RULE: everything that is known, laid out so that a stated value finds where it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from apps.drafts.guardrails.reading import read_values
from apps.drafts.guardrails.roles import CURRENCY_KEYS, UNIT_KEYS, is_money, key_words, roles_of_key
from apps.drafts.guardrails.sentences import Sentence, sentences_of
from apps.drafts.guardrails.statuses import status_of
from apps.drafts.guardrails.terms import Context, Pointer
from apps.drafts.guardrails.values import Key, Value, id_key, offered

MOST_LEAVES = 3000
MOST_ALIKE = 60
MOST_TEXT = 40_000  # characters of one source that are read
Entity = tuple[str, str]  # kind of name (a field), the value that names a record


class Fact(NamedTuple):
    """One value of one source. trust: fact | said (by the customer) | style (a reply to somebody else).

    entities: the records it belongs to, with the names they go by. money: None when nothing tells.
    """

    pointer: Pointer
    trust: str
    kind: str = ""
    unit: str = ""
    money: bool | None = None
    entities: frozenset[Entity] = frozenset()
    roles: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    low: bool = False
    line: Sentence | None = None


class ToolStatus(NamedTuple):
    family: str
    positive: bool
    fact: Fact


class Line(NamedTuple):
    """One sentence of a text source."""

    pointer: Pointer
    trust: str
    sentence: Sentence


class Sources:
    """by_key: facts by what they say. statuses: of tools. lines: sentences of texts. words: all text of trusted ones."""

    def __init__(self, context: Context) -> None:
        self.now = context.now
        self.by_key: dict[Key, list[Fact]] = defaultdict(list)
        self.statuses: list[ToolStatus] = []
        self.lines: list[Line] = []
        self.roles: dict[tuple[str, str], list[Fact]] = defaultdict(list)  # (kind, role) -> facts of tools
        self.entities: dict[Entity, str] = {}
        self.tool_text: list[str] = []
        self.currencies: set[str] = set()
        self._leaves = 0
        for tool in context.tools:
            if tool.ok:
                self._tool(tool.data, tool.name, "", "", frozenset(), "")
        for message in context.thread[-12:]:
            trust = "fact" if message.direction == "out" else "said"
            self._text(
                f"{message.subject}\n{message.text}" if message.subject else message.text,
                Pointer("thread", message.id),
                trust,
            )
        for passage in context.passages:
            self._text(
                f"{passage.title}.\n{passage.text}" if passage.title else passage.text,
                Pointer(passage.kind, passage.id),
                "fact" if passage.kind == "snippet" else "style",
                passage.title,
            )
        self.own = [string.lower() for string in (*context.own, *context.customer)]
        self.competing = self._competing()
        self.numbered = {entity for entity, text in self.competing.items() if any(c.isdigit() for c in text)}
        self.nicknames = {entity: self._nicknames(entity, text) for entity, text in self.competing.items()}

    def _competing(self) -> dict[Entity, str]:
        """Entities of which there are several of a kind, with what a text calls them."""
        counts: dict[str, int] = defaultdict(int)
        for kind, _ in self.entities:
            counts[kind] += 1
        return {entity: text for entity, text in self.entities.items() if counts[entity[0]] > 1}

    def _nicknames(self, entity: Entity, text: str) -> tuple[str, ...]:
        """What else a text may call it: several of them, or its last word where no other ends so."""
        last = text.rpartition(" ")[2]
        alike = sum(other.rpartition(" ")[2] == last for one, other in self.competing.items() if one[0] == entity[0])
        return (f"{text}s", last, f"{last}s") if alike == 1 and len(last) > 2 else (f"{text}s",)

    # Tools

    def _tool(self, value: Any, tool: str, path: str, key: str, entities: frozenset[Entity], currency: str) -> None:
        if self._leaves > MOST_LEAVES or len(path) > 300 or path.count(".") > 12:
            return
        if isinstance(value, Mapping):
            entities |= self._names(value)
            for inner in value:
                if str(inner).lower() in CURRENCY_KEYS and isinstance(value[inner], str):
                    currency = value[inner].upper()[:4]
            for inner, content in value.items():
                self._tool(content, tool, f"{path}.{inner}" if path else str(inner), str(inner), entities, currency)
        elif isinstance(value, list | tuple):
            pointer = Pointer("tool", tool, path, f"{len(value)} of them")
            self._put(
                ("n", float(len(value))),
                Fact(pointer, "fact", "number", money=False, entities=entities, roles=roles_of_key(path)),
            )
            for n, content in enumerate(value[:200]):
                self._tool(content, tool, f"{path}[{n}]", key, entities, currency)
        else:
            self._leaves += 1
            self._leaf(value, tool, path, key, entities, currency)

    def _names(self, record: Mapping[str, Any]) -> frozenset[Entity]:
        found: set[Entity] = set()
        for key, value in record.items():
            name = str(key).lower()
            if isinstance(value, str | int) and not isinstance(value, bool) and _ENTITY_KEY.search(name):
                text = str(value)
                if _NAMING.search(name) or any(c.isdigit() for c in text):
                    entity = (name, id_key(text))
                    found.add(entity)
                    self.entities[entity] = text.lower()[:80]
        return frozenset(found)

    def _leaf(self, value: Any, tool: str, path: str, key: str, entities: frozenset[Entity], currency: str) -> None:
        pointer = Pointer("tool", tool, path, str(value)[:120])
        roles, words = roles_of_key(path), key_words(key)
        fact = Fact(pointer, "fact", entities=entities, roles=roles)
        if isinstance(value, bool) or value is None:
            self._flag(bool(value), words, path, fact)
        elif isinstance(value, int | float):
            self._figure(float(value), words, fact._replace(unit=currency), path)
        elif isinstance(value, str) and value.strip():
            self._string(value, words, fact._replace(unit=currency), path)

    def _flag(self, value: bool, words: list[str], path: str, fact: Fact) -> None:
        status = status_of(" ".join(w for w in words if w not in ("is", "was", "has", "at", "on", "date")))
        if status:
            self.statuses.append(ToolStatus(_in_matter(status[0], path), value == status[1], fact))

    def _figure(self, value: float, words: list[str], fact: Fact, path: str) -> None:
        if value != value or abs(value) > 1e15:
            return
        money = is_money(words)
        if money and ("cents" in words or "minor" in words or "pence" in words):
            value /= 100
        unit = next((UNIT_KEYS[w] for w in words if w in UNIT_KEYS), None)
        fact = fact._replace(kind="amount" if money else "number", money=money)
        self._put(("n", round(value, 4)), fact)
        if money is False or money is None:
            if unit:
                self._put(("u", round(value * unit[0], 2), unit[1]), fact._replace(kind="duration"))
            if any(w in ("percent", "percentage", "pct", "rate") for w in words):
                self._put(("p", round(value, 4)), fact._replace(kind="percentage"))
                self._put(("p", round(value * 100, 4)), fact._replace(kind="percentage"))
        if value == int(value) and value >= 0:
            self._put(("i", str(int(value))), fact._replace(kind="id"))
        if any(w in ("stock", "inventory", "available", "availability") for w in words):
            self.statuses.append(ToolStatus("in_stock" if value > 0 else "out_of_stock", True, fact))
        if money and value > 0 and "refunded" in words:
            self.statuses.append(ToolStatus("refunded", True, fact))

    def _string(self, value: str, words: list[str], fact: Fact, path: str) -> None:
        short = len(value) <= 60
        self.tool_text.append(value[:4000].lower())
        if short and any(c.isdigit() for c in value):
            self._put(("i", id_key(value)), fact._replace(kind="id"))
        self._values(value[:4000], fact)
        if (
            short
            and _TIMED.match(value)
            and (status := status_of(" ".join(w for w in words if w not in ("at", "on", "date", "time"))))
        ):
            if not _EXPECTED.search(path):
                self.statuses.append(ToolStatus(status[0], True, fact))
        elif (short and _STATUS_KEY.search(path) and (status := status_of(value))) or (
            short and (status := status_of(value)) and not _NAMING.search(words[-1] if words else "")
        ):
            self.statuses.append(ToolStatus(_in_matter(status[0], path), status[1], fact))
        elif not short:
            for sentence in sentences_of(value[:2000]):
                self.lines.append(Line(fact.pointer, "fact", sentence))

    def _values(self, text: str, fact: Fact) -> None:
        self._offer(tuple(read_values(text, self.now)), fact, frozenset())

    def _offer(self, values: tuple[Value, ...], fact: Fact, topics: frozenset[str]) -> None:
        for value in values:
            unit = value.unit if value.kind == "amount" else (value.unit or fact.unit)
            one = fact._replace(
                kind=value.kind, unit=unit or fact.unit, money=True if value.kind == "amount" else (None if value.kind == "number" else False), topics=topics, low=value.low,
            )  # fmt: skip
            for key in offered(value):
                self._put(key, one)

    def _put(self, key: Key, fact: Fact) -> None:
        if len(self.by_key[key]) >= MOST_ALIKE:
            return  # what says the same thing hundreds of times is no source, and would make looking up slow
        self.by_key[key].append(fact)
        if fact.pointer.kind == "tool":
            for role in fact.roles:
                self.roles[fact.kind, role].append(fact)

    # Texts

    def _text(self, text: str, pointer: Pointer, trust: str, title: str = "") -> None:
        read = _read_passage if pointer.kind != "thread" else _read_text
        titled = Sentence(0, len(title), title).topics if title else frozenset()
        for sentence, values in read(text[:MOST_TEXT], self.now):
            quote = Pointer(pointer.kind, pointer.id, "", sentence.raw[:200])
            self.lines.append(Line(quote, trust, sentence))
            if values:
                self._offer(values, Fact(quote, trust, line=sentence), sentence.topics or titled)


def _read_text(text: str, now: date) -> tuple[tuple[Sentence, tuple[Value, ...]], ...]:
    return tuple((sentence, tuple(read_values(sentence.raw, now))) for sentence in sentences_of(text))


@lru_cache(maxsize=512)
def _read_passage(text: str, now: date) -> tuple[tuple[Sentence, tuple[Value, ...]], ...]:
    """The same passages come back with draft after draft; they are read once a day."""
    return _read_text(text, now)


_ENTITY_KEY = re.compile(
    r"(?:^|_)(?:id|number|no|ref|reference|order|tracking|sku|code|name|title|product|item|model)$|(?:Id|Number|No)$",
    re.I,
)
_NAMING = re.compile(r"name$|title$|product$|item$|model$", re.I)
_STATUS_KEY = re.compile(r"status|state|stage|phase|progress|outcome|result|availability|event|step", re.I)
_TIMED = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXPECTED = re.compile(r"expected|estimated|eta|due|planned|scheduled_for|promised|deadline|until|expires|_by$", re.I)


def _in_matter(family: str, path: str) -> str:
    """The family as its field means it: "completed" of a refund is refunded, of a payment paid."""
    lower = path.lower()
    if "refund" in lower:
        return _REFUND.get(family, family)
    if "return" in lower and "warehouse" not in lower:
        return {"received": "returned", "delivered": "returned", "completed": "returned"}.get(family, family)
    if "payment" in lower or "invoice" in lower or "transaction" in lower:
        return {
            "completed": "paid",
            "confirmed": "paid",
            "received": "paid",
            "approved": "paid",
            "processing": "unpaid",
            "pending": "unpaid",
        }.get(family, family)
    return family


_REFUND = {
    "completed": "refunded", "issued": "refunded", "paid": "refunded", "sent": "refunded", "processing": "refund_pending", "pending": "refund_pending",
    "approved": "refund_approved", "rejected": "refund_denied", "failed": "refund_denied", "initiated": "refund_pending", "received": "refund_pending", "confirmed": "refund_approved",
}  # fmt: skip
