"""The trained head for intents: what it is worth on mails it was not fitted to, and what fits it."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.drafts import intent_head
from apps.drafts.evaluation.intent_files import LabelledMail, MailFileError, read_mails
from apps.drafts.evaluation.intent_fitting import fit_head
from apps.drafts.evaluation.intent_measures import Told, accuracy, brier, lost_to_general, rows_by_confidence, tables_of
from apps.drafts.intents import LEAST_KNOWN, UNTOLD, figures_of, read_intent
from apps.drafts.states import TOOL_REQUIRED, Intent

HERE = Path(__file__).parent
HELD_OUT = (HERE / "intent_mails_held_out.txt", HERE / "intent_mails_drawn.txt")
FITTED = (HERE / "intent_mails_more.txt", HERE / "intent_mails.txt")


def mails_of(*paths: Path) -> list[LabelledMail]:
    return [mail for path in paths for mail in read_mails(path.read_text(encoding="utf-8"))]


def told_by_the_shipped_head(*paths: Path) -> list[Told]:
    read = [(mail, read_intent(mail.subject, mail.text)) for mail in mails_of(*paths)]
    return [Told(mail.intent, reading.intent, reading.confidence) for mail, reading in read]


def test_it_tells_what_mails_want_that_it_was_not_fitted_to() -> None:
    """Floors, a little under what was measured: 0.69 on other trades than it was fitted to, 0.88 on the same ones."""
    other_trades, same_trades = (told_by_the_shipped_head(path) for path in HELD_OUT)
    assert len(other_trades) == 84 and len(same_trades) == 60
    assert (accuracy(other_trades).value or 0) >= 0.66
    assert (accuracy(same_trades).value or 0) >= 0.85
    assert (lost_to_general([*other_trades, *same_trades]).value or 0) <= 0.13


def test_its_confidence_is_deserved_on_mails_it_was_not_fitted_to() -> None:
    told = told_by_the_shipped_head(*HELD_OUT)
    assert brier(told) <= 0.16
    sure = [one for one in told if one.confidence >= 0.8]
    unsure = [one for one in told if one.confidence < 0.6]
    assert sum(one.right for one in sure) / len(sure) >= 0.88
    assert sum(one.right for one in unsure) / len(unsure) <= 0.6


def test_no_held_out_mail_is_among_those_it_was_fitted_to() -> None:
    held_out = {(mail.subject, mail.text) for mail in mails_of(*HELD_OUT)}
    assert held_out.isdisjoint((mail.subject, mail.text) for mail in mails_of(*FITTED))


@pytest.mark.parametrize(
    "text", ["HP-2041", "Please have a look at HP-2041.", "HP-2041 !!!", "PN48201177", "about #88231"]
)
def test_who_names_a_number_is_not_taken_for_a_general_question(text: str) -> None:
    assert read_intent("", text).intent in TOOL_REQUIRED


def test_a_language_it_does_not_know_is_a_general_question_it_is_unsure_of() -> None:
    for text in ("Zamówienie jeszcze nie dotarło, gdzie jest moja paczka?", "您的订单在哪里？", "Где моя посылка?"):
        reading = read_intent("", text)
        assert (reading.intent, reading.confidence) == (Intent.GENERAL, UNTOLD)
        assert intent_head.shipped().known(figures_of("", text)) < LEAST_KNOWN


def test_to_say_it_a_hundred_times_tells_no_more_than_to_say_it_once() -> None:
    said = figures_of("", "Where is my parcel? refund")
    assert figures_of("", "Where is my parcel? " + "refund " * 100) == said


def test_words_of_another_intent_lower_the_confidence() -> None:
    assert read_intent("", "I want a refund").confidence > read_intent("", "I want a refund, or cancel it").confidence


def test_it_is_fitted_to_the_same_figures_twice() -> None:
    few = [mail for intent in Intent for mail in [m for m in mails_of(FITTED[0]) if m.intent is intent][:8]]
    head = fit_head(few)
    assert head == fit_head(few)
    assert set(head.intents) == set(Intent) and head.sharpness > 0
    assert all(len(row) == len(Intent) for row in head.weights.values())
    assert sum(head.probabilities(figures_of("", "Where is my parcel?")).values()) == pytest.approx(1)
    assert head.probabilities({}) == pytest.approx(head.probabilities({"s:never": 1.0}))


def test_words_are_withheld_from_mails_they_were_chosen_with() -> None:
    few = [mail for intent in Intent for mail in [m for m in mails_of(FITTED[0]) if m.intent is intent][:6]]
    worded = [LabelledMail(Intent.ORDER, "", f"xyzzy {word} cancel my order", True) for word in ("one", "two")]
    assert "s:xyzzy" in fit_head([*few, *worded]).weights
    with pytest.raises(ValueError, match="Each intent needs"):
        fit_head(worded)


def test_the_command_fits_and_writes_what_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    few = [mail for intent in Intent for mail in [m for m in mails_of(FITTED[0]) if m.intent is intent][:6]]
    source, written = tmp_path / "mails.txt", tmp_path / "head.json"
    source.write_text("".join(f"{mail.intent}|{mail.subject}|{mail.text}\n" for mail in few), encoding="utf-8")
    monkeypatch.setattr(intent_head, "FILE", written)
    call_command("fit_intents", str(source))
    assert not written.exists()
    call_command("fit_intents", str(source), "--worded", str(source), "--write")
    assert "| TRACKING | 6 |" in capsys.readouterr().out
    assert intent_head.shipped().weights and len(written.read_text(encoding="utf-8").splitlines()) > 100


def test_the_command_shows_how_well_a_file_is_told(tmp_path: Path, capsys: Any) -> None:
    call_command("evaluate_intents", str(HELD_OUT[0]), "--misses")
    said = capsys.readouterr().out
    assert "| all (accuracy) | 84 |" in said and "Brier score" in said and " as " in said
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("ORDER|a|b\nNONSENSE|a|b\n")
    with pytest.raises(CommandError, match="line 2: 'NONSENSE' is no intent"):
        call_command("evaluate_intents", str(wrong))
    with pytest.raises(CommandError, match="missing"):
        call_command("evaluate_intents", str(tmp_path / "missing.txt"))


def test_a_file_of_labelled_mails_is_read_line_by_line() -> None:
    assert read_mails("ORDER|a|b | c\r\n\nGENERAL||\n") == [
        LabelledMail(Intent.ORDER, "a", "b | c"),
        LabelledMail(Intent.GENERAL, "", ""),
    ]
    with pytest.raises(MailFileError, match="line 1: wants"):
        read_mails("ORDER|a")


def test_the_tables_stand_for_no_mails_at_all() -> None:
    assert "n/a" in tables_of([]) and brier([]) == 0.0
    assert rows_by_confidence([Told(Intent.ORDER, Intent.ORDER, 1.0)])[0][0] == "80% to 100%"
