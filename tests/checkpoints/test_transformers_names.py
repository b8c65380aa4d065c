"""Names of parameters in `transformers`: each of ours has one, and none has two."""

import flax.traverse_util
import jax
import pytest

from speccascade.checkpoints.transformers_names import transformers_names
from speccascade.models import T5, T5Config


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_every_parameter_has_a_name_of_its_own(version):
    config = T5Config(
        vocab_size=64,
        emb_dim=16,
        num_heads=2,
        head_dim=8,
        mlp_dim=24,
        num_encoder_layers=1,
        num_decoder_layers=3,
        version=version,
    )
    shapes = jax.eval_shape(T5(config=config).init, jax.random.key(0))
    names = transformers_names(config)
    assert set(names) == set(flax.traverse_util.flatten_dict(shapes, sep="/"))
    assert len(set(names.values())) == len(names)
    assert names["decoder/layers_2/mlp/wo/kernel"] == (
        "decoder.block.2.layer.2.DenseReluDense.wo.weight"
    )
