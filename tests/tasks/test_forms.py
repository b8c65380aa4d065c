"""One task in three forms: for models trained on it, for base models, in a chat."""

import dataclasses

import pytest

from speccascade.checkpoints import SentencePieceVocabulary
from speccascade.checkpoints.pairs import FORMS
from speccascade.errors import UserError
from speccascade.store import run_key
from speccascade.tasks.base import Text
from speccascade.tasks.benchmark import Benchmark
from speccascade.tasks.coding import HumanEval, Mbpp
from speccascade.tasks.math import Gsm8k
from speccascade.tasks.qa import NqOpen, TriviaQa, WebQuestions
from speccascade.tasks.question import Question
from speccascade.tasks.reading import Squad2, Xquad
from speccascade.tasks.summarization import CnnDailymail, SciTldr, XSum
from speccascade.tasks.translation import EndeDocs
from speccascade.tasks.wmt import Multi30k, Wmt14EnDe, Wmt22
from tests.jobs.tiny import Counting

BENCHMARKS: list[type[Benchmark]] = [
    *(CnnDailymail, Gsm8k, HumanEval, Multi30k, NqOpen, SciTldr, Squad2, TriviaQa),
    *(WebQuestions, Wmt14EnDe, Wmt22, XSum, Xquad),
]


def test_a_fine_tuned_pair_is_asked_as_ever():
    task = EndeDocs()
    assert task.in_form("fine_tuned") is task
    assert not {"open_prompt", "chat", "stop"} & task.recipe("test").keys()


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
    forms = [EndeDocs().in_form(form) for form in FORMS]
    keys = {run_key({"task": task.recipe("test")}) for task in forms}
    assert len(keys) == 3


def test_the_keys_of_both_forms_without_chats_are_pinned():
    keys = [
        run_key({"task": EndeDocs().in_form(form).recipe("test")})
        for form in ("fine_tuned", "few_shot")
    ]
    assert keys == ["0bd468245d67", "a3378ab938c0"]


def test_a_chat_asks_with_the_few_shot_prompt_and_is_a_form_of_every_task_that_has_it():
    few, chat = (EndeDocs(shots=1).in_form(form) for form in ("few_shot", "chat"))
    assert chat == dataclasses.replace(few, chat=True)
    assert chat.prompt("A.") == few.prompt("A.")
    for kind in BENCHMARKS:
        # What the form changes (metrics, words, limits) the chat changes too.
        few, chat = (kind(shots=0).in_form(form) for form in ("few_shot", "chat"))
        assert chat == dataclasses.replace(few, chat=True)


def test_a_question_from_the_command_line_is_the_users_turn_as_it_was_typed():
    task = Question().in_form("chat")
    assert task.chat and task.prompt("Why?\nHow?") == "Why?\nHow?"
    assert task.answer("Because.\n\nAnd so.") == "Because.\n\nAnd so."


@pytest.mark.parametrize("form", ["few_shot", "chat"])
def test_a_form_that_a_task_does_not_have_is_refused(form):
    with pytest.raises(UserError, match="no form 'few_shot', and so no 'chat'"):
        Counting().in_form(form)


def test_an_answer_loses_the_prompts_last_words_where_it_repeats_them():
    task = EndeDocs(shots=0).in_form("chat")
    assert task.answer(" German: Klicken Sie.\nEnglish:") == "Klicken Sie."
    assert task.answer("Das heißt German: so.") == "Das heißt German: so."
    assert EndeDocs().answer("German: Klicken") == "German: Klicken"
    program = Mbpp(
        prompt_form="{source}\n[BEGIN]\n", open_prompt=True, stop=Mbpp.SHOT_STOP
    )
    assert program.answer("[BEGIN]\n  x = 1\n[DONE]") == "\n  x = 1"
    assert program.answer("  x = 1\n") == "  x = 1"
    assert HumanEval().in_form("chat").answer("    x = 1") == "    x = 1"


def test_a_chats_prompts_are_cached_by_template(tmp_path, data_folder):
    def examples(template):
        vocabulary = SentencePieceVocabulary(
            data_folder / "vocabulary.model", template=template
        )
        task = EndeDocs(shots=0).in_form("chat")
        found = task.examples("validation", vocabulary, tmp_path)
        expected = task.encode_prompt(vocabulary, found[0].source)
        assert list(found[0].tokens) == expected
        turn = [*vocabulary.encode_alone("Ja."), vocabulary.eos_id, 7]
        assert task.decode_answer(vocabulary, turn) == "Ja."
        return found

    template = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"
    assert examples(template) != examples("ask: " + template)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_chat_needs_a_template_and_is_none_of_seqios(vocabulary, tmp_path):
    task = EndeDocs(shots=0).in_form("chat")
    with pytest.raises(UserError, match="No chat template"):
        task.examples("validation", vocabulary, tmp_path)
    with pytest.raises(UserError, match="seqio would take for text"):
        task.seqio_task(vocabulary)
