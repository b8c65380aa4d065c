"""Files of weights and vocabularies, and the pairs that are made of them."""

from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.checkpoints.loading import load
from speccascade.checkpoints.pairs import LoadedPair, ModelSpec, PairSpec, load_pair
from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.checkpoints.vocabulary import Vocabulary

__all__ = [
    "Checkpoint",
    "LoadedPair",
    "ModelSpec",
    "PairSpec",
    "SentencePieceVocabulary",
    "Vocabulary",
    "load",
    "load_pair",
]
