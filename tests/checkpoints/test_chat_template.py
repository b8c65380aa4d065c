"""Chat templates as text: what they write, and what is said of wrong ones."""

import dataclasses
from pathlib import Path

import pytest

from speccascade.checkpoints.chat_template import ChatTemplate, default_of
from speccascade.errors import UserError
from tests.checkpoints.chat_templates import CHATML, GEMMA, LLAMA3, MISTRAL


def template(text, bos="<s>", eos="</s>"):
    return ChatTemplate(text=text, bos=bos, eos=eos, path=Path("file"))


@pytest.mark.parametrize(
    ("text", "prompt", "end"),
    [
        (
            GEMMA,
            "<s><start_of_turn>user\nClick  OK.<end_of_turn>\n<start_of_turn>model\n",
            "<end_of_turn>\n",
        ),
        (
            LLAMA3,
            "<s>[26 Jul 2024]<|start_header_id|>user<|end_header_id|>\n\n"
            "Click  OK.<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "<|eot_id|>",
        ),
        (
            CHATML,
            "<|im_start|>system\nYou help.<|im_end|>\n"
            "<|im_start|>user\n Click  OK.\n<|im_end|>\n<|im_start|>assistant\n",
            "<|im_end|>\n",
        ),
        (MISTRAL, "<s>[INST]  Click  OK.\n [/INST]", "</s>"),
    ],
    ids=["gemma", "llama3", "chatml", "mistral"],
)
def test_a_template_writes_a_users_turn_and_opens_the_models(text, prompt, end):
    found = template(text)
    assert found.prompt(" Click  OK.\n") == prompt
    assert found.turn_end == end


def test_a_users_words_are_no_part_of_the_program_and_are_not_escaped():
    said = "{{ 1 + 1 }} {% raw %} <b> & 'quotes'"
    assert said in template(CHATML).prompt(said)


def test_the_hash_covers_the_texts_that_the_template_may_write():
    first = template(GEMMA)
    others = [template(MISTRAL), template(GEMMA, bos=""), template(GEMMA, eos="<e>")]
    others.append(dataclasses.replace(first, path=Path("elsewhere")))
    assert [one.sha256 == first.sha256 for one in others] == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{% for m in messages %}", r"fails \(TemplateSyntaxError: "),
        (
            "{{ raise_exception('not for users.') }}",
            r"\(TemplateError: not for users\)",
        ),
        ("{{ messages[0].name.first }}", r"fails \(UndefinedError: "),
        ("{{ messages[0].content + 1 }}", r"fails \(TypeError: "),
        ("{{ ''.__class__.__mro__ }}", r"fails \(SecurityError: "),
        ("{{ messages.append(1) }}", r"fails \(SecurityError: "),
        ("{{ messages[0].role }}:", "leaves out what is said"),
    ],
)
def test_a_wrong_template_is_one_sentence(text, complaint):
    for ask in (lambda one: one.prompt("Hi"), lambda one: one.turn_end):
        with pytest.raises(UserError, match=complaint) as error:
            ask(template(text))
        assert "\n" not in str(error.value)
        assert "The chat template that comes with file " in str(error.value)


def test_of_several_templates_the_one_named_default_is_taken():
    named = [{"name": "rag", "template": "R"}, {"name": "default", "template": "D"}]
    assert default_of(named) == "D"
    assert default_of("T") == "T"
    assert [default_of(said) for said in (None, 5, [], ["T"], named[:1])] == [None] * 5
