"""Cards, IBANs and social security numbers made at random, in the forms that people write them in, and near misses."""

import random
import re

from stdnum import iban, luhn

from apps.drafts.guardrails.privacy import find_personal

SEPARATORS = ("", " ", "-", ".", "\u00a0", "/")
TEXTS = ("Please use {} for it.", "{}", "It is {}.", "we have {} on file", "send to {} today", "nr: {}\nbest")
CARDS = (
    ("4", 16),
    ("51", 16),
    ("2221", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("3528", 16),
    ("36", 14),
    ("62", 16),
)
ACCOUNTS = {
    "DE": "18n",
    "GB": "4a14n",
    "FR": "10n11c2n",
    "NL": "4a10n",
    "IT": "1a22n",
    "BE": "12n",
    "CH": "17n",
    "NO": "11n",
}
NUMBERED = ("card", "iban", "ssn", "account", "national_id")
ROUNDS = 170


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def grouped(rng: random.Random, number: str) -> str:
    return rng.choice(SEPARATORS).join(number[n : n + 4] for n in range(0, len(number), 4))


def a_card(rng: random.Random) -> str:
    lead, length = rng.choice(CARDS)
    number = lead + digits(rng, length - len(lead) - 1)
    return number + luhn.calc_check_digit(number)


def an_iban(rng: random.Random) -> str:
    country, form = rng.choice(list(ACCOUNTS.items()))
    letters = {"n": "0123456789", "a": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "c": "ABCDEF0123456789"}
    body = "".join(rng.choice(letters[kind]) for n, kind in re.findall(r"(\d+)([nac])", form) for _ in range(int(n)))
    check = 98 - int("".join(str(int(c, 36)) for c in f"{body}{country}00")) % 97
    return f"{country}{check:02d}{body}"


def an_ssn(rng: random.Random) -> str:
    parts = (
        f"{rng.choice([*range(1, 666), *range(667, 900)]):03d}",
        f"{rng.randint(1, 99):02d}",
        f"{rng.randint(1, 9999):04d}",
    )
    return rng.choice(("{}-{}-{}", "{} {} {}", "SSN {}{}{}", "social security number: {}.{}.{}")).format(*parts)


def found_in(rng: random.Random, number: str) -> bool:
    return any(one.kind in NUMBERED for one in find_personal(rng.choice(TEXTS).format(number)))


def test_every_valid_number_is_found():
    rng = random.Random(11)
    for _ in range(ROUNDS):
        for number in (grouped(rng, a_card(rng)), grouped(rng, an_iban(rng)), an_ssn(rng)):
            assert found_in(rng, number), number


def test_near_misses_are_left_alone():
    rng = random.Random(12)
    misses = []
    for _ in range(ROUNDS):
        card, account = list(a_card(rng)), list(an_iban(rng))
        card[-3] = str((int(card[-3]) + 1) % 10)
        account[-2] = str((int(account[-2]) + 1) % 10) if account[-2].isdigit() else "Z"
        misses += ["".join(card), "".join(account), f"ORD-{digits(rng, 9)}", f"000 {digits(rng, 2)} {digits(rng, 4)}"]
    assert not any(luhn.is_valid(n) for n in misses if n.isdigit()) and not any(map(iban.is_valid, misses))
    # A group of digits within a wrong IBAN is a valid card now and then.
    assert sum(found_in(rng, number) for number in misses) <= len(misses) * 0.02
