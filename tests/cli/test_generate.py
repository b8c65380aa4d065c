"""`speccascade generate`: first contact with a checkpoint."""

import numpy as np
import pytest

from speccascade.checkpoints import load

MODEL = "mini:ende_docs_target"


def test_a_sentence_is_translated_and_again_the_same(cli):
    asked = ("--model", MODEL, "--prompt", "Click OK.")
    status, out, err = cli("generate", *asked)
    assert (status, err) == (0, "")
    text, said = out.splitlines()
    assert "OK" in text and said.endswith("compilation included")
    assert cli("generate", *asked)[1].splitlines()[0] == text


def test_a_decoder_that_learnt_to_answer_gets_its_prompt_closed(cli):
    asked = ("--model", "mini:ende_docs_gemma_target", "--prompt", "Click OK.")
    status, out, err = cli("generate", *asked)
    assert (status, err) == (0, "")
    assert "OK" in out.splitlines()[0]  # an open prompt is answered with nothing


def test_ids_give_the_ids_that_the_text_gives(cli):
    vocabulary = load(MODEL).vocabulary
    prompts = [vocabulary.encode(text) for text in ("Click OK.", "Save the file.")]
    width = max(map(len, prompts))
    padded = [[*one, *[-1] * (width - len(one))] for one in prompts]
    np.savez("ids.npz", tokens=np.array(padded))
    status, out, _ = cli("generate", "--model", MODEL, "--tokens", "ids.npz")
    assert status == 0
    *rows, _ = out.splitlines()
    for row, prompt in zip(rows, ("Click OK.", "Save the file."), strict=True):
        ids = list(map(int, row.split()))
        assert ids[-1] == vocabulary.eos_id
        alone = cli("generate", "--model", MODEL, "--prompt", prompt)[1]
        assert vocabulary.decode(ids) == alone.splitlines()[0]


def test_a_seed_decides_what_is_sampled(cli):
    def sample(seed):
        asked = ("--model", MODEL, "--prompt", "The file cannot be opened.")
        return cli("generate", *asked, "--temperature", "1", "--seed", seed)[1]

    texts = [sample(seed).splitlines()[0] for seed in "0012"]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_a_folder_with_a_tokenizer_json_goes_on_with_a_text(cli, tmp_path, kind):
    files = pytest.importorskip("tests.checkpoints.tokenizer_files")
    cut = {"llama": "llama-bpe", "qwen2": "qwen2"}[kind]
    uri = files.write_model(tmp_path / kind, kind, files.trained(cut))
    prompt = "def collatz(n):\n\treturn 'größe'"
    asked = ("generate", "--model", uri, "--max-new-tokens", "24")
    status, out, err = cli(*asked, "--prompt", prompt)
    assert (status, err) == (0, "")
    vocabulary = load(uri).vocabulary
    ids = vocabulary.encode_open(prompt)
    assert (ids[0] == files.trained(cut).token_to_id(files.BOS)) == (kind == "llama")
    np.savez("ids.npz", tokens=np.array([ids]))
    *rows, _ = cli(*asked, "--tokens", "ids.npz")[1].splitlines()
    answer = list(map(int, rows[0].split()))
    assert 0 < len(answer) <= 24 and max(answer) < vocabulary.size
    assert out.startswith(vocabulary.decode(answer) + "\n")


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"other": [[1, 2]]}, "must hold tokens"),
        ({"tokens": [[5, -1, 7]]}, "has -1, padding, before its end"),
        ({"tokens": [[-1, -1]]}, "has -1, padding, before its end"),
        ({"tokens": [[5, 6144]]}, "ids from 5 to 6144; this model's are 0 to 6143"),
    ],
)
def test_ids_that_do_not_fit_are_one_sentence(cli, arrays, complaint):
    np.savez("ids.npz", **{name: np.array(rows) for name, rows in arrays.items()})
    status, _, err = cli("generate", "--model", MODEL, "--tokens", "ids.npz")
    assert status == 2
    assert err.count("\n") == 1 and complaint in err


def test_a_chat_asks_through_the_template_of_the_checkpoint(cli, tmp_path):
    files = pytest.importorskip("tests.checkpoints.tokenizer_files")
    uri = files.write_model(tmp_path / "model", "qwen2", files.trained("qwen2"))
    asked = ("generate", "--model", uri, "--max-new-tokens", "24", "--prompt", "größe")
    status, _, err = cli(*asked, "--chat")
    assert status == 2
    assert err.count("\n") == 1 and "No chat template comes with" in err
    template = "{% for m in messages %}[{{ m.content }}]{{ eos_token }}{% endfor %}"
    (tmp_path / "model" / "chat_template.jinja").write_text(template)
    status, out, err = cli(*asked, "--chat")
    assert (status, err) == (0, "")
    vocabulary = load(uri).vocabulary
    ids = [*vocabulary.encode_open("[größe]"), vocabulary.eos_id]
    np.savez("ids.npz", tokens=np.array([ids]))
    same = cli(*asked[:5], "--tokens", "ids.npz")[1].splitlines()[0]
    assert out.startswith(vocabulary.decode(map(int, same.split())) + "\n")


def test_ids_are_no_turn_in_a_chat(cli):
    asked = ("--model", MODEL, "--tokens", "ids.npz", "--chat")
    assert "--chat goes with --prompt" in cli("generate", *asked)[2]
