"""RULE: everything that is known, laid out so that a stated value finds where it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from apps.drafts.guardrails.calendar_words import NUMBERS
from apps.drafts.guardrails.facts import Entity, Fact, Field, Line, ToolStatus, in_matter
from apps.drafts.guardrails.labels import label_of
from apps.drafts.guardrails.privacy import phones_in
from apps.drafts.guardrails.reading import read_values
from apps.drafts.guardrails.roles import CURRENCY_KEYS, UNIT_KEYS, is_money, key_words, roles_of_key
from apps.drafts.guardrails.sentences import Sentence, sentences_of
from apps.drafts.guardrails.statuses import status_of
from apps.drafts.guardrails.stems import stems_of
from apps.drafts.guardrails.terms import Context, Pointer
from apps.drafts.guardrails.values import Key, Value, id_key, offered

MOST_LEAVES = 3000
MOST_ALIKE = 60
MOST_TEXT = 40_000  # characters of one source that are read


class Sources:
    """by_key: facts by what they say. statuses, fields: of tools. lines: sentences of texts. own: who may be named."""

    def __init__(self, context: Context) -> None:
        self.now = context.now
        self.by_key: dict[Key, list[Fact]] = defaultdict(list)
        self.statuses: list[ToolStatus] = []
        self.lines: list[Line] = []
        self.roles: dict[tuple[str, str], list[Fact]] = defaultdict(list)  # (kind, role) -> facts of tools
        self.entities: dict[Entity, str] = {}
        self.tool_text: list[str] = []
        self.fields: list[Field] = []
        self.kept: dict[str, Any] = {}  # what others read of all this, for one draft
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
        self.asked = next((m.text for m in reversed(context.thread) if m.direction == "in"), "")
        self.own = [string.lower() for string in (*sorted(context.own), *sorted(context.customer))]
        self.phones = phones_in(self.own)
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

    @cached_property
    def own_words(self) -> frozenset[str]:
        """Of the names of the business and of the customer, in lower case."""
        return frozenset(word for own in self.own for word in own.split())

    @cached_property
    def names_stems(self) -> frozenset[str]:
        """Of the names of the business and of the customer, which say nothing of what is told."""
        return stems_of(" ".join(self.own))

    @cached_property
    def quotable(self) -> dict[str, Pointer]:
        """Sentences of snippets, without regard to case and spaces, each with where it stands."""
        lines = [line for line in self.lines if line.pointer.kind == "snippet"]
        return {line.sentence.plain: line.pointer for line in reversed(lines) if len(line.sentence.words) > 2}

    # Tools

    def _tool(self, value: Any, tool: str, path: str, key: str, entities: frozenset[Entity], currency: str) -> None:
        if self._leaves > MOST_LEAVES or len(path) > 300 or path.count(".") > 12:
            return
        if isinstance(value, dict):
            entities |= self._names(value)
            for inner in value:
                if _is_currency(str(inner)) and isinstance(value[inner], str):
                    currency = value[inner].upper()[:4]
            for inner, content in value.items():
                self._tool(content, tool, f"{path}.{inner}" if path else str(inner), str(inner), entities, currency)
        elif isinstance(value, list | tuple):
            self._records(value, tool, path, key, entities, currency)
        else:
            self._leaves += 1
            self._leaf(value, tool, path, key, entities, currency)

    def _records(
        self, value: Sequence[Any], tool: str, path: str, key: str, entities: frozenset[Entity], currency: str
    ) -> None:
        pointer = Pointer("tool", tool, path, f"{len(value)} of them")
        if value and not isinstance(value[0], dict):
            self._flag(True, key_words(key), path, Fact(pointer, "fact", entities=entities))
        self._put(
            ("n", float(len(value))),
            Fact(pointer, "fact", "number", money=False, entities=entities, roles=roles_of_key(path)),
        )
        label = label_of(value)
        label = "" if _is_entity(label) else label
        for n, content in enumerate(value[:200]):
            own = entities
            if label:
                entity = (f"={path}", id_key(content[label]))
                self.entities[entity] = content[label].lower()
                own = entities | {entity}
            self._tool(content, tool, f"{path}[{n}]", key, own, currency)

    def _names(self, record: Mapping[str, Any]) -> frozenset[Entity]:
        found: set[Entity] = set()
        for key, value in record.items():
            if isinstance(value, str | int) and not isinstance(value, bool) and _is_entity(str(key)):
                name, text = str(key).lower(), str(value)
                if _NAMING.search(name) or _DIGIT.search(text):
                    entity = (name, id_key(text))
                    found.add(entity)
                    self.entities[entity] = text.lower()[:80]
        return frozenset(found)

    def _leaf(self, value: Any, tool: str, path: str, key: str, entities: frozenset[Entity], currency: str) -> None:
        pointer = Pointer("tool", tool, path, str(value)[:120])
        words = key_words(key)
        fact = Fact(pointer, "fact", "", currency, None, entities, roles_of_key(path))
        self.fields.append(Field(words, value, fact))
        if isinstance(value, bool) or value is None:
            self._flag(bool(value), words, path, fact)
        elif isinstance(value, int | float):
            self._figure(float(value), words, fact, path)
        elif isinstance(value, str) and value.strip():
            self._string(value, words, fact, path)

    def _flag(self, value: bool, words: tuple[str, ...], path: str, fact: Fact) -> None:
        status = status_of(" ".join(w for w in words if w not in ("is", "was", "has", "at", "on", "date")))
        if status:
            self.statuses.append(ToolStatus(in_matter(status[0], path), value == status[1], fact))

    def _figure(self, value: float, words: tuple[str, ...], fact: Fact, path: str) -> None:
        if value != value or abs(value) > 1e15:
            return
        money = is_money(words)
        if money and ("cents" in words or "minor" in words or "pence" in words):
            value /= 100
        unit = next((UNIT_KEYS[w] for w in words if w in UNIT_KEYS), None)
        fact = fact.of("amount" if money else "number", money=money)
        self._put(("n", round(value, 4)), fact)
        if not money and unit:
            self._put(("u", round(value * unit[0], 2), unit[1]), fact.of("duration"))
        if not money and not _SHARE.isdisjoint(words):
            self._put(("p", round(value, 4)), fact.of("percentage"))
            self._put(("p", round(value * 100, 4)), fact.of("percentage"))
        if value == int(value) and value >= 0:
            self._put(("i", str(int(value))), fact.of("id"))
        if not _STOCK.isdisjoint(words):
            self.statuses.append(ToolStatus("in_stock" if value > 0 else "out_of_stock", True, fact))
        self._counted(value, words, fact)
        if money and value > 0:
            self._paid(words, fact)

    def _counted(self, value: float, words: tuple[str, ...], fact: Fact) -> None:
        """Of "dispatched: 3" three are."""
        plain = not fact.money and value > 1 and value == int(value) and UNIT_KEYS.keys().isdisjoint(words)
        told = status_of(" ".join(words)) if plain else None
        if told:
            said = frozenset(word for word, number in NUMBERS.items() if number == value)
            self.statuses.append(ToolStatus(told[0], True, fact, said))

    def _paid(self, words: tuple[str, ...], fact: Fact) -> None:
        """deposit_paid says of the deposit that it is paid, and nothing of the rest."""
        if "refunded" in words and fact.kind == "amount":
            self.statuses.append(ToolStatus("refunded", True, fact))
        if "paid" in words:
            self.statuses.append(ToolStatus("paid", True, fact, frozenset(words) - {"paid", "amount", "total"}))

    def _string(self, value: str, words: tuple[str, ...], fact: Fact, path: str) -> None:
        short = len(value) <= 60
        self.tool_text.append(value[:4000].lower())
        if short and _DIGIT.search(value):
            self._put(("i", id_key(value)), fact.of("id"))
        values = _read_string(value, self.now) if short else tuple(read_values(value[:4000], self.now))
        self._offer(values, fact, frozenset())
        if short and values and values[0].kind == "amount" and values[0].keys[0] != ("n", 0.0):
            self._paid(words, fact)
        if (
            short
            and _TIMED.match(value)
            and (status := status_of(" ".join(w for w in words if w not in ("at", "on", "date", "time"))))
        ):
            if not _EXPECTED.search(path):
                self.statuses.append(ToolStatus(status[0], True, fact))
        elif short:
            status = status_of(value)
            if status and (_STATUS_KEY.search(path) or not _NAMING.search(words[-1] if words else "")):
                self.statuses.append(ToolStatus(in_matter(status[0], path), status[1], fact))
        else:
            for sentence in sentences_of(value[:2000]):
                self.lines.append(Line(fact.pointer, "fact", sentence))

    def _offer(self, values: tuple[Value, ...], fact: Fact, topics: frozenset[str]) -> None:
        pointer, trust, _, unit, _, entities, roles, *_ = msgspec.structs.astuple(fact)
        for value in values:
            money = True if value.kind == "amount" else (None if value.kind == "number" else False)
            own, day = value.unit or unit, _day_of(value)
            one = Fact(pointer, trust, value.kind, own, money, entities, roles, topics, value.low, fact.line, day)
            for key in offered(value):
                self._put(key, one)

    def _put(self, key: Key, fact: Fact) -> None:
        alike = self.by_key[key]
        if len(alike) >= MOST_ALIKE:
            return  # what says the same thing hundreds of times is no source, and would make looking up slow
        alike.append(fact)
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


@lru_cache(maxsize=2048)
def _is_currency(key: str) -> bool:
    return key.lower() in CURRENCY_KEYS


@lru_cache(maxsize=2048)
def _is_entity(key: str) -> bool:
    return _ENTITY_KEY.search(key.lower()) is not None


def _day_of(value: Value) -> date | None:
    key = value.keys[0]
    return key[1] if key[0] == "d" and isinstance(key[1], date) else None


@lru_cache(maxsize=4096)
def _read_string(text: str, now: date) -> tuple[Value, ...]:
    """Words for a status, a carrier, a day or an article come back with order after order."""
    return tuple(read_values(text, now))


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
_DIGIT = re.compile(r"\d")
_SHARE = frozenset({"percent", "percentage", "pct", "rate"})
_STOCK = frozenset({"stock", "inventory", "available", "availability"})
_TIMED = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXPECTED = re.compile(r"expected|estimated|eta|due|planned|scheduled_for|promised|deadline|until|expires|_by$", re.I)
