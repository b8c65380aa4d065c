"""A job that asks in a chat: decoders of random weights, a template of our own."""

import dataclasses
import json

import pytest

from speccascade.checkpoints.pairs import CheckpointSpec, PairSpec
from speccascade.errors import UserError
from speccascade.jobs.loaded import LoadedJob, identity_of
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.predict import predict_fn
from speccascade.jobs.run import decode_job
from speccascade.tasks.translation import EndeDocs
from tests.jobs.tiny import Counting, Silent, job

files = pytest.importorskip("tests.checkpoints.tokenizer_files")

# Only after the model's words, so that a prompt does not depend on the mark.
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}"
    "{% if m.role == 'assistant' %}MARK{% endif %}{% endfor %}"
)
TASK = dataclasses.replace(EndeDocs(shots=0).in_form("chat"), max_new_tokens=24)


def chat(folder, mark="", *, special=False, template=TEMPLATE):
    """A job of one decoder that drafts for itself, its turns ended by `mark`."""
    tokenizer = files.Tokenizer.from_str(files.trained("llama-bpe").to_str())
    if special:
        tokenizer.add_special_tokens([mark])
    uri = files.write_model(folder, "llama", tokenizer)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    if template is not None:
        settings["chat_template"] = template.replace("MARK", mark)
    path.write_text(json.dumps(settings))
    model = CheckpointSpec(uri=uri)
    pair = PairSpec(name=folder.name, drafter=model, target=model, form="chat")
    method = MethodSpec(name="lossless", kind="speculative", rule="lossless", gamma=2)
    return job(folder, pair=pair, task=TASK, method=method, num_examples=2)


def answers(spec):
    """What each example's record holds, and how many tokens were written for it."""
    records = sorted(decode_job(spec, Silent()).records(), key=lambda one: one.example)
    counted = ("accepted", "resampled", "bonus")
    return [
        (one.prediction, sum(one.counters[name] for name in counted)) for one in records
    ]


@pytest.mark.parametrize(
    "special",
    [
        pytest.param(True, id="control", marks=pytest.mark.slow),
        pytest.param(False, id="text"),
    ],
)
def test_an_answer_ends_with_the_models_turn(tmp_path, special):
    open_ended = chat(tmp_path / "open")
    (text, length), *_ = answers(open_ended)
    loaded = LoadedJob.of(open_ended)
    generation = loaded.decode(
        loaded.execution, loaded.batch(loaded.examples, loaded.coordinates[0], 4)
    )
    vocabulary = loaded.pair.vocabulary
    ids = generation.tokens[0].tolist()[:length]
    # Some piece of the answer, not its first and not in the prompt, shall end the turn.
    place, mark = next(
        (place, vocabulary.piece(number))
        for place, number in enumerate(ids)
        if place > 2
        and vocabulary.piece(number).isascii()
        and number not in ids[:place]
        and number not in loaded.examples[0].tokens
        and vocabulary.spelt(number)
    )
    (shorter, count), *_ = answers(chat(tmp_path / "ended", mark, special=special))
    assert count == place + 1 < length
    assert shorter == TASK.answer(vocabulary.decode(ids[:place]))
    assert shorter != text


def test_a_run_key_holds_the_form_and_the_template_and_others_hold_neither(tmp_path):
    spec = chat(tmp_path / "one", files.EOS)
    one = identity_of(spec)
    template = LoadedJob.of(spec).pair.vocabulary.chat_template
    assert one["pair"]["chat_template_sha256"] == template.sha256
    assert one["task"]["chat"] is True
    other = identity_of(chat(tmp_path / "other", files.PAD))
    assert {
        name for name in one["pair"] if one["pair"][name] != other["pair"][name]
    } == {"chat_template_sha256"}
    few = identity_of(dataclasses.replace(spec, task=EndeDocs().in_form("few_shot")))
    assert "chat_template_sha256" not in few["pair"]
    assert "chat" not in few["task"]


def test_a_pair_without_a_template_is_refused(tmp_path):
    spec = chat(tmp_path / "plain", template=None)
    with pytest.raises(
        UserError, match=r"No chat template comes with .*tokenizer\.json"
    ):
        decode_job(spec, Silent())


def test_seqios_evaluator_is_not_asked_in_a_chat(tmp_path):
    spec = job(tmp_path, task=dataclasses.replace(Counting(), chat=True))
    with pytest.raises(UserError, match="seqio would take for text"):
        predict_fn(spec, LoadedJob.without_examples(spec).coordinates[0])
