"""What a T5's configuration fixes: names and shapes of parameters, and its limits."""

import flax.traverse_util
import jax
import pytest

from speccascade.errors import UserError
from speccascade.models import T5, T5Config

SIZES = {
    "vocab_size": 10,
    "emb_dim": 4,
    "num_heads": 3,
    "head_dim": 2,
    "mlp_dim": 5,
    "num_encoder_layers": 1,
    "num_decoder_layers": 1,
}
BOTH = {
    "token_embedder/embedding": (10, 4),
    "encoder/relpos_bias/rel_embedding": (3, 32),
    "encoder/layers_0/pre_attention_layer_norm/scale": (4,),
    "encoder/layers_0/attention/query/kernel": (4, 6),
    "encoder/layers_0/attention/key/kernel": (4, 6),
    "encoder/layers_0/attention/value/kernel": (4, 6),
    "encoder/layers_0/attention/out/kernel": (6, 4),
    "encoder/layers_0/pre_mlp_layer_norm/scale": (4,),
    "encoder/layers_0/mlp/wo/kernel": (5, 4),
    "encoder/encoder_norm/scale": (4,),
    "decoder/relpos_bias/rel_embedding": (3, 32),
    "decoder/layers_0/pre_self_attention_layer_norm/scale": (4,),
    "decoder/layers_0/self_attention/query/kernel": (4, 6),
    "decoder/layers_0/self_attention/key/kernel": (4, 6),
    "decoder/layers_0/self_attention/value/kernel": (4, 6),
    "decoder/layers_0/self_attention/out/kernel": (6, 4),
    "decoder/layers_0/pre_cross_attention_layer_norm/scale": (4,),
    "decoder/layers_0/encoder_decoder_attention/query/kernel": (4, 6),
    "decoder/layers_0/encoder_decoder_attention/key/kernel": (4, 6),
    "decoder/layers_0/encoder_decoder_attention/value/kernel": (4, 6),
    "decoder/layers_0/encoder_decoder_attention/out/kernel": (6, 4),
    "decoder/layers_0/pre_mlp_layer_norm/scale": (4,),
    "decoder/layers_0/mlp/wo/kernel": (5, 4),
    "decoder/decoder_norm/scale": (4,),
}
OWN = {
    "1.0": {
        "encoder/layers_0/mlp/wi/kernel": (4, 5),
        "decoder/layers_0/mlp/wi/kernel": (4, 5),
    },
    "1.1": {
        "encoder/layers_0/mlp/wi_0/kernel": (4, 5),
        "encoder/layers_0/mlp/wi_1/kernel": (4, 5),
        "decoder/layers_0/mlp/wi_0/kernel": (4, 5),
        "decoder/layers_0/mlp/wi_1/kernel": (4, 5),
        "decoder/logits_dense/kernel": (4, 10),
    },
}


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_parameters_have_the_names_and_shapes_of_t5x(version):
    model = T5(config=T5Config(**SIZES, version=version))
    shapes = flax.traverse_util.flatten_dict(
        jax.eval_shape(model.init, jax.random.key(0)), sep="/"
    )
    found = {name: value.shape for name, value in shapes.items()}
    assert found == BOTH | OWN[version]


def test_equal_models_are_one_static_argument():
    first, second = (T5(config=T5Config(**SIZES)) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first.vocab_size == 10


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": "2"}, "version must be the text '1.0' or '1.1', not '2'"),
        ({"dtype": "float16"}, "dtype must be 'float32' or 'bfloat16'"),
        ({"num_decoder_layers": 0}, "num_decoder_layers must be at least 1, not 0"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(change, complaint):
    with pytest.raises(UserError, match=complaint):
        T5Config(**SIZES | change)
