"""Foreign tensors become our tree, and what does not fit is named."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.checkpoints.assembly import Origin, assemble
from speccascade.errors import UserError

SHAPES = jax.eval_shape(
    lambda: {
        "embedding": jnp.zeros((5, 2)),
        "layers_0": {"kernel": jnp.zeros((2, 3))},
        "layers_1": {"kernel": jnp.zeros((2, 3))},
    }
)
ORIGINS = {
    "embedding": Origin(("shared",)),
    "layers_0/kernel": Origin(("stack",), lambda x: x[:, 0].T),
    "layers_1/kernel": Origin(("stack",), lambda x: x[:, 1].T),
}


class Tensors:
    """A source that writes down what it was asked for."""

    def __init__(self, **tensors):
        self._tensors = {name: np.array(value) for name, value in tensors.items()}
        self.asked = []

    def shapes(self):
        return {name: tensor.shape for name, tensor in self._tensors.items()}

    def read(self, name):
        self.asked.append(name)
        return self._tensors[name]


def whole(**changes):
    stack = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    return Tensors(**{"shared": np.ones((5, 2), np.float16), "stack": stack} | changes)


def test_tensors_are_transformed_widened_and_read_once_the_largest_first():
    source = whole()
    found = assemble(source, ORIGINS, SHAPES, "file")
    assert source.asked == ["stack", "shared"]
    assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {jnp.dtype("float32")}
    np.testing.assert_array_equal(found["layers_1"]["kernel"], [[2, 6, 10], [3, 7, 11]])
    np.testing.assert_array_equal(found["embedding"], np.ones((5, 2)))


def test_bfloat16_is_widened_exactly():
    source = whole(shared=jnp.full((5, 2), 1.001, "bfloat16"))
    found = assemble(source, ORIGINS, SHAPES, "file")
    assert (found["embedding"] == 1.0).all()


def test_all_faults_are_one_sentence_with_every_name():
    source = Tensors(stack=np.zeros((4, 2, 2)), more=np.zeros(1), other=np.zeros(1))
    with pytest.raises(UserError) as caught:
        assemble(source, ORIGINS, SHAPES, "file")
    assert str(caught.value) == (
        "file does not hold this model's tensors: it lacks shared and has the "
        "unexpected more, other and has stack (4, 2, 2), which becomes (2, 4) instead "
        "of (2, 3)."
    )
    assert source.asked == []


@pytest.mark.parametrize("shape", [(3, 1, 2), (3,)])
def test_a_shape_that_cannot_be_transformed_is_named(shape):
    with pytest.raises(
        UserError, match=rf"stack {re.escape(str(shape))}, which does not become"
    ):
        assemble(whole(stack=np.zeros(shape)), ORIGINS, SHAPES, "file")


def test_a_long_list_of_names_is_counted_after_twenty():
    others = {f"layer_{index:02}": np.zeros(1) for index in range(23)}
    with pytest.raises(UserError, match="layer_18, layer_19 and 3 more"):
        assemble(whole(**others), ORIGINS, SHAPES, "file")


def test_a_copy_must_equal_its_original_and_may_be_absent():
    copies = {"head": "shared", "absent": "shared"}
    equal = whole(head=np.ones((5, 2), np.float16))
    assemble(equal, ORIGINS, SHAPES, "file", copies=copies)
    assert sorted(equal.asked) == ["head", "shared", "stack"]
    differs = whole(head=np.zeros((5, 2), np.float16))
    with pytest.raises(UserError, match="a head that is not its shared"):
        assemble(differs, ORIGINS, SHAPES, "file", copies=copies)
    with pytest.raises(UserError, match="unexpected head"):
        assemble(differs, ORIGINS, SHAPES, "file")


def test_an_ignored_tensor_is_not_read():
    source = whole(unused=np.zeros(1))
    assemble(source, ORIGINS, SHAPES, "file", ignored=("unused",))
    assert "unused" not in source.asked


def test_whole_numbers_are_no_parameters():
    with pytest.raises(UserError, match="stores shared as uint16"):
        assemble(whole(shared=np.zeros((5, 2), np.uint16)), ORIGINS, SHAPES, "file")


def test_a_family_that_forgets_a_tensor_is_a_defect():
    with pytest.raises(ValueError, match="no origin for \\['embedding'\\]"):
        assemble(
            whole(),
            {name: ORIGINS[name] for name in ORIGINS if name != "embedding"},
            SHAPES,
            "file",
        )
