"""Tasks of a user's own module through seqio's registry."""

import pytest

from speccascade.errors import UserError
from speccascade.tasks.foreign import SeqioTask

# Registered once a process, as a user's module would be.
MODULE = """
import seqio, tensorflow as tf

ROWS = {{"validation": 3, "test": 2}}

def rows(word):
    def source(split, shuffle_files=False, seed=None):
        return tf.data.Dataset.from_tensor_slices({{
            "inputs": [f"{{word}} {{n}}" for n in range(ROWS[split])],
            "targets": [f"{{word.upper()}} {{n}}" for n in range(ROWS[split])],
        }})
    return source

def answered(targets, predictions):
    return {{
        "right": seqio.metrics.Scalar(
            100 * sum(map(str.__eq__, targets, predictions)) / len(targets)
        ),
        "longest": max(map(len, predictions)),
        "undefined": float("nan"),
    }}

def likelihood(targets, scores):
    return {{"likelihood": 0.0}}

def shout(text, *, example, is_target):
    assert example["inputs_pretokenized"]
    return text if is_target else text.upper()

def add(name, word, vocabulary, splits=("validation", "test")):
    feature = seqio.Feature(vocabulary, add_eos=True)
    seqio.TaskRegistry.add(
        name,
        source=seqio.FunctionDataSource(rows(word), splits=splits),
        preprocessors=[seqio.preprocessors.tokenize, seqio.preprocessors.append_eos],
        output_features={{"inputs": feature, "targets": feature}},
        postprocess_fn=shout,
        metric_fns=[answered, likelihood],
    )

OURS = seqio.SentencePieceVocabulary({vocabulary!r}, extra_ids=0)
add("own_vocabulary", "file", OURS)
add("byte_vocabulary", "byte", seqio.ByteVocabulary())
add("no_test", "once", seqio.ByteVocabulary(), splits=("validation",))
seqio.MixtureRegistry.add(
    "all_of_them", ["own_vocabulary", "byte_vocabulary", "no_test"], default_rate=1.0
)
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory, vocabulary):
    folder = tmp_path_factory.mktemp("package")
    text = MODULE.format(vocabulary=str(vocabulary.path))
    (folder / "own_seqio_tasks.py").write_text(text)
    (folder / "broken_seqio_tasks.py").write_text("1 / 0")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield "own_seqio_tasks"


def test_a_task_without_a_name_or_a_module_says_what_it_needs():
    for fields in ({}, {"name": "mine"}, {"module": "mine"}):
        with pytest.raises(UserError, match=r"needs task.name.* and task.module"):
            SeqioTask(**fields)


def test_a_base_model_goes_on_with_the_prompt_that_the_task_makes():
    task = SeqioTask(name="mine", module="mine").in_form("few_shot")
    assert task.open_prompt
    assert not task.cuts_prompts
    assert task.recipe("test")["source"] == "seqio/mine"


@pytest.mark.slow
def test_the_tasks_own_tokens_are_used_where_the_vocabulary_is_the_pairs(
    module, vocabulary, tmp_path, monkeypatch
):
    task = SeqioTask(name="own_vocabulary", module=module)
    for number, one in enumerate(task.examples("validation", vocabulary, tmp_path)):
        assert (one.id, one.source) == (number, f"file {number}")
        assert one.reference == f"FILE {number}"
        assert list(one.tokens) == vocabulary.encode(one.source)
    # Its tokens and not its text.
    fields = task._rows("validation")[0].fields
    monkeypatch.setitem(fields, "inputs", fields["inputs"][::-1])
    turned = task.examples("validation", vocabulary, tmp_path)[0].tokens
    assert list(turned) == vocabulary.encode("file 0")[::-1]
    monkeypatch.undo()
    few = task.in_form("few_shot").examples("validation", vocabulary, tmp_path)
    assert list(few[0].tokens) == vocabulary.encode_open("file 0")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_another_vocabularys_texts_are_tokenised_by_the_pairs(
    module, vocabulary, tmp_path
):
    task = SeqioTask(name="byte_vocabulary", module=module)
    found = task.examples("test", vocabulary, tmp_path)
    assert [list(one.tokens) for one in found] == [
        vocabulary.encode("byte 0"),
        vocabulary.encode("byte 1"),
    ]
    row = task._rows("test")[1]
    bare = {name: row.fields[name] for name in ("inputs", "targets")}
    assert row._replace(fields=bare).text("inputs") == "byte 1"


@pytest.mark.slow
def test_the_tasks_of_a_mixture_take_turns_and_keep_their_own_scores(module):
    task = SeqioTask(name="all_of_them", module=module)
    sources = [text.source for text in task.texts("test")]
    assert sources == ["byte 0", "file 0", "byte 1", "file 1"]
    assert len(task.texts("validation")) == 9
    scores = task.corpus_scores("test")
    assert scores({0: "byte 0", 1: "no", 2: "byte x", 3: "file 1"}) == {
        "own_vocabulary/right": 50.0,
        "own_vocabulary/longest": 6.0,
        "byte_vocabulary/right": 50.0,
        "byte_vocabulary/longest": 6.0,
    }
    # Where only one Task was asked, its metrics go by their own names.
    assert scores({1: "file 0", 3: "file 1"}) == {"right": 100.0, "longest": 6.0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"module": "broken_seqio_tasks"}, r"cannot be imported \(ZeroDivisionError"),
        ({"module": "not_there_at_all"}, r"cannot be imported \(ModuleNotFoundError"),
        ({"name": "own_vocabluary"}, "near names are own_vocabulary"),
        ({"name": "no_test"}, "no split 'test'; it has validation"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(module, fields, message):
    task = SeqioTask(**({"name": "own_vocabulary", "module": module} | fields))
    with pytest.raises(UserError, match=message):
        task.texts("test")


@pytest.mark.slow
def test_a_prompt_of_a_prefix_lm_is_what_stands_before_its_answer(module, vocabulary):
    import seqio

    from speccascade.jobs.predict import _prompt

    SeqioTask(name="own_vocabulary", module=module).texts("test")
    dataset = seqio.get_mixture_or_task("own_vocabulary").get_dataset(
        split="test", shuffle=False
    )
    lengths = {"inputs": 12, "targets": 12}
    for converter, ends in (
        (seqio.PrefixLMFeatureConverter(pack=False), vocabulary.encode("file 1")),
        (seqio.EncDecFeatureConverter(pack=False), vocabulary.encode("file 1")),
    ):
        features = list(converter(dataset, lengths).as_numpy_iterator())[1]
        assert _prompt(features) == ends
    language_model = seqio.LMFeatureConverter(pack=False)(dataset, {"targets": 12})
    with pytest.raises(UserError, match="hold no prompt apart from its answer"):
        _prompt(next(language_model.as_numpy_iterator()))
