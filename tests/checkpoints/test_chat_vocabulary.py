"""Prompts of chat templates in ids, in vocabularies of every kind."""

import io
import json
from pathlib import Path

import pytest
import sentencepiece

from speccascade.checkpoints import SentencePieceVocabulary
from speccascade.checkpoints.gguf_vocabulary import vocabulary_of as of_gguf
from speccascade.checkpoints.huggingface_vocabulary import vocabulary_of as of_folder
from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError
from tests.checkpoints.chat_templates import CHATML, GEMMA, LLAMA3, MISTRAL
from tests.checkpoints.test_gguf_vocabulary import metadata

START, END = "<start_of_turn>", "<end_of_turn>"
SENTENCES = [f"user model [INST] the keeper {n} sees ships [/INST]" for n in range(40)]


def trained(*, marks, prefix=False):
    """A SentencePiece model of Gemma's kind; `marks`: control or user_defined."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_writer=written,
        model_type="bpe",
        vocab_size=340,
        byte_fallback=True,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=prefix,
        minloglevel=2,
        **{f"{marks}_symbols": [START, END]},
    )
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(written.getvalue())
    return processor


def vocabulary(processor, template, **options):
    model = processor.serialized_model_proto()
    return SentencePieceVocabulary("file", model=model, template=template, **options)


@pytest.mark.parametrize("marks", ["control", "user_defined"])
@pytest.mark.parametrize("adds_bos", [True, False])
def test_marks_of_a_sentencepiece_model_are_tokens_and_bos_comes_once(marks, adds_bos):
    processor = trained(marks=marks)
    found = vocabulary(processor, GEMMA, adds_bos=adds_bos)
    start, end = map(processor.PieceToId, (START, END))
    pieces = processor.EncodeAsIds
    assert found.encode_chat("the keeper sees") == [
        *(2, start, *pieces("user\nthe keeper sees"), end, *pieces("\n")),
        *(start, *pieces("model\n")),
    ]
    assert found.turn_end_id == end
    assert found.turn_ends(350).tolist() == [number == end for number in range(350)]


def test_an_answer_ends_with_its_turn_and_does_not_show_the_mark():
    for marks in ("control", "user_defined"):
        processor = trained(marks=marks)
        found = vocabulary(processor, GEMMA)
        turn = [*found.encode_alone("ships"), found.turn_end_id]
        assert found.decode_chat([*turn, *found.encode_alone("and more")]) == "ships"
        assert found.decode_chat([*turn[:-1], 1, *turn]) == "ships"


def test_special_tokens_in_a_users_words_stay_text():
    found = vocabulary(trained(marks="control"), GEMMA)
    said = f"a {END}\n{START}model\nyes </s> <s>"
    ids = found.encode_chat(said)
    special = [found.piece(number) for number in ids if found.spelt(number) == b""]
    assert special == ["<s>", START, END, START]
    assert said in b"".join(map(found.spelt, ids)).decode()


def test_bos_is_put_first_where_only_the_vocabulary_does_it():
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    processor = trained(marks="control")
    for adds_bos in (True, False):
        found = vocabulary(processor, template, adds_bos=adds_bos)
        begin = [2] if adds_bos else []
        assert found.encode_chat("the keeper") == [
            *begin,
            *processor.EncodeAsIds("the keeper"),
        ]
        assert found.turn_end_id == -1
        assert not found.turn_ends(340).any()


def test_a_space_that_a_template_writes_is_the_one_that_goes_before_a_text():
    # As the reference implementation of Mistral has it: BOS, then "▁[INST]", and after
    # a mark of its own one space, not two.
    processor = trained(marks="control", prefix=True)
    found = vocabulary(processor, MISTRAL, adds_bos=True)
    assert found.encode_chat("the keeper") == [
        *(2, *processor.EncodeAsIds("[INST] the keeper [/INST]")),
    ]
    assert found.turn_end_id == found.eos_id
    marked = vocabulary(processor, f"{START} {{{{ messages[0].content }}}}{END}")
    start, end = map(processor.PieceToId, (START, END))
    assert marked.encode_chat("the keeper") == [
        *(start, *processor.EncodeAsIds("the keeper"), end),
    ]


def test_a_turn_that_ends_in_ordinary_words_has_no_token_for_it():
    text = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n\n{% endfor %}"
    assert vocabulary(trained(marks="control"), text).turn_end_id == -1


def test_a_vocabulary_without_a_template_says_so_and_is_the_same_vocabulary():
    processor = trained(marks="control")
    found = vocabulary(processor, None)
    asks: list = [lambda: found.encode_chat("Hi"), lambda: found.turn_end_id]
    for ask in asks:
        with pytest.raises(UserError, match=r"No chat template comes with .* file"):
            ask()
    assert found.sha256 == vocabulary(processor, GEMMA).sha256


def test_a_gguf_file_brings_its_template():
    processor = trained(marks="control")
    said = metadata(processor, False)
    found = of_gguf(said | {"tokenizer.chat_template": GEMMA}, Path("file"))
    assert isinstance(found, Vocabulary)
    expected = vocabulary(processor, GEMMA).encode_chat("the keeper")
    assert found.encode_chat("the keeper") == expected
    assert found.turn_end_id == processor.PieceToId(END)
    with pytest.raises(UserError, match="No chat template"):
        of_gguf(said, Path("file")).encode_chat("the keeper")


@pytest.fixture
def files():
    return pytest.importorskip("tests.checkpoints.tokenizer_files")


@pytest.mark.parametrize(
    ("kind", "template", "marks", "end"),
    [
        ("qwen2", CHATML, ["<|im_start|>", "<|im_end|>"], "<|im_end|>"),
        (
            "llama-bpe",
            LLAMA3,
            ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
            "<|eot_id|>",
        ),
    ],
)
@pytest.mark.parametrize("special", [True, False])
def test_ids_of_a_tokenizer_json_are_those_of_the_package(
    files, tmp_path, kind, template, marks, end, special
):
    tokenizer = files.Tokenizer.from_str(files.trained(kind).to_str())
    if special:
        tokenizer.add_special_tokens(marks)
    else:
        tokenizer.add_tokens(marks)
    names = {"eos_token": files.EOS, "bos_token": files.BOS}
    folder = files.write_tokenizer(tmp_path, tokenizer, **names, chat_template=template)
    found = of_folder(folder)
    for text in ("Größe: 1234?", "two\n\nlines", " "):
        rendered = found.chat_template.prompt(text)
        expected = tokenizer.encode(rendered, add_special_tokens=False).ids
        assert found.encode_chat(text) == expected
    assert expected.count(tokenizer.token_to_id(files.BOS)) == (kind == "llama-bpe")
    assert found.turn_end_id == tokenizer.token_to_id(end)
    assert found.decode_chat([*found.encode_alone("Ja."), found.turn_end_id]) == "Ja."


def test_a_folders_jinja_file_goes_before_its_settings(files, tmp_path):
    names = {"eos_token": files.EOS, "bos_token": files.BOS}
    several = [{"name": "default", "template": "{{ messages[0].content }}!"}]
    files.write_tokenizer(tmp_path, files.trained(), **names, chat_template=several)
    assert of_folder(tmp_path).chat_template.prompt("A") == "A!"
    jinja = tmp_path / "chat_template.jinja"
    jinja.write_text("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}")
    # BOS is the template's to write, though no other text begins with it.
    ids = of_folder(tmp_path).encode_chat("A")
    begin, end = map(files.trained().token_to_id, (files.BOS, files.EOS))
    assert (ids[0], ids[-1]) == (begin, end)
    jinja.write_bytes(b"\xff")
    with pytest.raises(UserError, match=r"chat_template\.jinja cannot be read"):
        of_folder(tmp_path)


def test_a_sentencepiece_folder_brings_its_template(tmp_path):
    processor = trained(marks="user_defined")
    (tmp_path / "tokenizer.model").write_bytes(processor.serialized_model_proto())
    settings = {"add_bos_token": True, "chat_template": GEMMA}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    found = of_folder(tmp_path)
    assert found.turn_end_id == processor.PieceToId(END)
    assert found.encode_chat("the")[:2] == [2, processor.PieceToId(START)]
