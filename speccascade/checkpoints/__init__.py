"""Files of weights and vocabularies, and the pairs that are made of them."""

from speccascade.checkpoints.pairs import LoadedPair, ModelSpec, PairSpec, load_pair
from speccascade.checkpoints.vocabulary import Vocabulary

__all__ = ["LoadedPair", "ModelSpec", "PairSpec", "Vocabulary", "load_pair"]
