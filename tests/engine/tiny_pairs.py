"""A T5 pair and a Gemma pair of four tokens, whose laws can be enumerated.

What the models say is taken from whole sequences at once (`answer_logits`), each prompt
by itself without padding: no cache, no block, no slot. Prompts, limit and rows are the
toy's.
"""

import dataclasses
import functools
import itertools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from speccascade.engine import PairParams
from speccascade.models import (
    T5,
    Gemma,
    GemmaConfig,
    Prompts,
    Restricted,
    T5Config,
    Trainable,
    restricted_params,
)
from speccascade.training.cutting import cut_vocabulary
from tests.engine import toys
from tests.engine.exact import Setting
from tests.engine.exact_law import Enumeration, Pair, enumerate_row
from tests.engine.small_pairs import noisy_pair


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TinyPair:
    """Two models of one shape, and at which thresholds both of them write.

    Attributes:
      model: either.
      ids: that the drafter has; None: all of them.
      noise: of the drafter (`noisy_pair`).
      alphas: thresholds, by rule; "sequence" is that of a sequence cascade.
      unsure: fallback at which the drafter goes on about every other time.
    """

    model: T5 | Gemma
    noise: float
    alphas: Mapping[str, float]
    unsure: float
    ids: tuple[int, ...] | None = None

    @functools.cached_property
    def params(self) -> PairParams:
        params = noisy_pair(self.model, self.noise)
        if self.ids is None:
            return params
        ids = np.array(self.ids, np.int32)
        narrow = cut_vocabulary(self.model, params.drafter, ids)[1]
        wide = restricted_params(narrow, jnp.asarray(ids), toys.VOCAB)
        return params.replace(drafter=wide)

    @property
    def drafter(self) -> Trainable:
        if self.ids is None:
            return self.model
        config = dataclasses.replace(self.model.config, vocab_size=len(self.ids))
        return Restricted(model=Gemma(config=config), width=toys.VOCAB)

    @functools.cached_property
    def exact(self) -> Pair:
        """What teacher forcing says of every beginning of every output."""
        # The last token of an output is never read.
        answers = list(itertools.product(range(toys.VOCAB), repeat=toys.LIMIT - 1))
        padded = jnp.array([(*answer, 0) for answer in answers], jnp.int32)
        of_both = (
            (jax.jit(self.drafter.answer_logits), self.params.drafter),
            (jax.jit(self.model.answer_logits), self.params.target),
        )
        logits = {}
        for prompt in toys.PROMPTS:
            prompts = Prompts(
                tokens=jnp.array([prompt] * len(answers), jnp.int32),
                lengths=jnp.full((len(answers),), len(prompt), jnp.int32),
            )
            forced = [
                np.asarray(logits_of(params, prompts, padded), np.float64)
                for logits_of, params in of_both
            ]
            for row, answer in enumerate(answers):
                for length in range(toys.LIMIT):
                    said = tuple(one[row, length] for one in forced)
                    logits[prompt, answer[:length]] = said
        return Pair(
            logits=lambda prompt, written: logits[prompt, written],
            eos_id=toys.EOS,
            max_new_tokens=toys.LIMIT,
        )

    def enumeration(self, prompt: tuple[int, ...], setting: Setting) -> Enumeration:
        return enumerate_row(self.exact, prompt, setting)

    def simulate(self, setting: Setting, **options) -> toys.Simulation:
        """`toys.simulate`; a fault may replace the model or its drafter."""
        models = {"model": self.model, "drafter": self.drafter}
        options = models | {"params": self.params} | options
        return toys.simulate(setting, **options)

    def p_values(
        self, setting: Setting, simulation: toys.Simulation
    ) -> dict[float, float]:
        return toys.p_values(setting, simulation, self.enumeration)


PAIRS = {
    "t5": TinyPair(
        model=T5(
            config=T5Config(
                vocab_size=toys.VOCAB,
                emb_dim=16,
                num_heads=2,
                head_dim=8,
                mlp_dim=32,
                num_encoder_layers=1,
                num_decoder_layers=2,
            )
        ),
        noise=0.3,
        alphas={
            "opt": 0.1,
            "chow": 0.51,
            "token_v3": 0.4,
            "sequence": 0.8,
            "bild": 1.2,
        },
        unsure=0.52,
    ),
    # A window of 3 slots; prompts and outputs take 5 to 7.
    "gemma": TinyPair(
        model=Gemma(
            config=GemmaConfig(
                vocab_size=toys.VOCAB,
                emb_dim=16,
                num_layers=2,
                num_heads=4,
                num_kv_heads=2,
                head_dim=4,
                mlp_dim=32,
                local_rope_base=100.0,
                window=3,
                global_every=2,
                post_norms=True,
                qk_norm=True,
            )
        ),
        noise=0.3,
        alphas={
            "opt": 0.0,
            "chow": 0.3,
            "token_v3": 0.4,
            "sequence": 0.5,
            "bild": 1.3,
        },
        unsure=0.4,
    ),
}
# A drafter that lacks one of the four ids, and reads it as the first.
RESTRICTED = dataclasses.replace(PAIRS["gemma"], ids=(0, 1, 3))
