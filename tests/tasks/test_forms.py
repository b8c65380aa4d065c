"""One task in two forms: for models trained on it, and for base models."""

import dataclasses

import pytest

from speccascade.errors import UserError
from speccascade.store import run_key
from speccascade.tasks.base import Text
from speccascade.tasks.translation import EndeDocs


def test_a_fine_tuned_pair_is_asked_as_ever():
    task = EndeDocs()
    assert task.in_form("fine_tuned") is task
    assert not {"open_prompt", "stop"} & task.recipe("test").keys()


def test_a_few_shot_prompt_shows_worked_examples_and_ends_in_the_middle():
    task = EndeDocs(shots=2).in_form("few_shot")
    first, second = EndeDocs().texts("validation")[-2:]
    assert task.prompt("Press the key.") == (
        f"English: {first.source}\nGerman: {first.reference}\n\n"
        f"English: {second.source}\nGerman: {second.reference}\n\n"
        "English: Press the key.\nGerman:"
    )
    assert EndeDocs(shots=0).in_form("few_shot").prompt("A.") == "English: A.\nGerman:"


def test_worked_examples_are_none_of_the_test_split():
    shown = {text.source for text in EndeDocs().texts("validation")[-3:]}
    assert not shown & {text.source for text in EndeDocs().texts("test")}


def test_an_open_prompt_begins_with_bos_and_does_not_end(vocabulary, tmp_path):
    task = EndeDocs().in_form("few_shot")
    example = task.examples("validation", vocabulary, tmp_path)[0]
    assert example.tokens == tuple(task.encode_prompt(vocabulary, example.source))
    assert example.tokens[0] == vocabulary.bos_id
    assert example.tokens[-1] != vocabulary.eos_id
    assert vocabulary.decode(example.tokens[1:]) == task.prompt(example.source)


def test_an_answer_is_what_stands_before_the_stop():
    task = EndeDocs().in_form("few_shot")
    assert task.answer(" Drücken Sie die Taste.\n\nEnglish: Next") == (
        "Drücken Sie die Taste."
    )
    assert task.answer(" Ohne Ende") == "Ohne Ende"
    assert EndeDocs().answer(" as it is\n") == " as it is\n"


def test_the_first_of_several_stops_ends_an_answer():
    task = dataclasses.replace(EndeDocs().in_form("few_shot"), stop=("\n\n", "Q:"))
    assert task.answer("eins Q: zwei\n\ndrei") == "eins"
    assert task.answer("eins\nzwei\n\nQ: drei") == "eins\nzwei"


def test_a_worked_example_shows_the_solution_and_is_scored_by_the_reference():
    text = Text(0, "2 + 3", "5", "2 + 3 = 5. The answer is 5.")
    assert text.written == "2 + 3 = 5. The answer is 5."
    assert Text(0, "2 + 3", "5").written == "5"
    assert "2 + 3 = 5." in EndeDocs().worked_example(text)


def test_a_long_prompt_is_cut_where_the_task_says_so_and_refused_elsewhere(
    vocabulary, tmp_path
):
    long = dataclasses.replace(EndeDocs(), max_prompt_tokens=9)
    with pytest.raises(UserError, match="more than max_prompt_tokens = 9"):
        long.examples("validation", vocabulary, tmp_path)
    whole = EndeDocs().examples("validation", vocabulary, tmp_path)
    cut = dataclasses.replace(long, cuts_prompts=True)
    for one, other in zip(
        cut.examples("validation", vocabulary, tmp_path), whole, strict=True
    ):
        ids = other.tokens
        assert one.tokens == (ids if len(ids) <= 9 else (*ids[:8], ids[-1]))


def test_stops_are_the_pieces_that_contain_a_line_break(vocabulary):
    stops = vocabulary.containing("\n", 6150).tolist()
    found = [number for number, stop in enumerate(stops) if stop]
    assert len(stops) == 6150
    assert {vocabulary.piece(number) for number in found} == {"\n", "<0x0A>"}


def test_the_forms_have_keys_of_their_own():
    forms = [EndeDocs().in_form(form) for form in ("fine_tuned", "few_shot")]
    keys = {run_key({"task": task.recipe("test")}) for task in forms}
    assert len(keys) == 2


def test_a_form_that_a_task_does_not_have_is_refused():
    with pytest.raises(UserError, match="no form 'chat'"):
        EndeDocs().in_form("chat")
