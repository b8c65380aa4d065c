"""What a decoder's configuration fixes: names and shapes of parameters, and limits."""

import flax.traverse_util
import jax
import pytest

from speccascade.errors import UserError
from speccascade.models import Gemma, GemmaConfig

SIZES = {
    "vocab_size": 10,
    "emb_dim": 4,
    "num_layers": 1,
    "num_heads": 3,
    "num_kv_heads": 1,
    "head_dim": 2,
    "mlp_dim": 5,
}
GEMMA_1 = {
    "token_embedder/embedding": (10, 4),
    "layers_0/pre_attention_norm/scale": (4,),
    "layers_0/attention/query/kernel": (4, 6),
    "layers_0/attention/key/kernel": (4, 2),
    "layers_0/attention/value/kernel": (4, 2),
    "layers_0/attention/out/kernel": (6, 4),
    "layers_0/pre_mlp_norm/scale": (4,),
    "layers_0/mlp/wi_0/kernel": (4, 5),
    "layers_0/mlp/wi_1/kernel": (4, 5),
    "layers_0/mlp/wo/kernel": (5, 4),
    "final_norm/scale": (4,),
}
POST_NORMS = {
    "layers_0/post_attention_norm/scale": (4,),
    "layers_0/post_mlp_norm/scale": (4,),
}
QK_NORMS = {
    "layers_0/attention/query_norm/scale": (2,),
    "layers_0/attention/key_norm/scale": (2,),
}
BIASES = {
    "layers_0/attention/query/bias": (6,),
    "layers_0/attention/key/bias": (2,),
    "layers_0/attention/value/bias": (2,),
}


@pytest.mark.parametrize(
    ("choices", "own"),
    [
        ({}, {}),
        ({"post_norms": True}, POST_NORMS),
        ({"post_norms": True, "qk_norm": True}, POST_NORMS | QK_NORMS),
        (
            {"qkv_bias": True, "tied": False},
            BIASES | {"logits_dense/kernel": (4, 10)},
        ),
    ],
    ids=["Gemma 1", "Gemma 2", "Gemma 3", "Qwen2"],
)
def test_parameters_have_the_names_and_shapes_that_are_documented(choices, own):
    model = Gemma(config=GemmaConfig(**SIZES, **choices))
    shapes = flax.traverse_util.flatten_dict(
        jax.eval_shape(model.init, jax.random.key(0)), sep="/"
    )
    assert {name: value.shape for name, value in shapes.items()} == GEMMA_1 | own


def test_layers_alternate_as_the_generations_have_it():
    def windows(**choices):
        config = GemmaConfig(**SIZES | {"num_layers": 7}, **choices)
        return [config.window_of(layer) for layer in range(7)]

    assert windows() == [None] * 7
    assert windows(window=4, global_every=2) == [4, None, 4, None, 4, None, 4]
    assert windows(window=4, global_every=6) == [4, 4, 4, 4, 4, None, 4]


def test_equal_models_are_one_static_argument():
    first, second = (Gemma(config=GemmaConfig(**SIZES)) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first.vocab_size == 10


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"activation": "relu"}, "activation must be 'gelu' or 'silu', not 'relu'"),
        ({"dtype": "float16"}, "dtype must be 'float32' or 'bfloat16'"),
        ({"num_layers": 0}, "num_layers must be at least 1, not 0"),
        ({"num_kv_heads": 2}, r"num_kv_heads \(2\) must divide its num_heads \(3\)"),
        ({"head_dim": 5}, "head_dim must be even, not 5"),
        ({"global_every": 2}, "needs a window"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(change, complaint):
    with pytest.raises(UserError, match=complaint):
        GemmaConfig(**SIZES | change)
