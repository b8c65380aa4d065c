"""A vocabulary of made-up pieces, some of which would break a page."""

from pathlib import Path

from speccascade.checkpoints.vocabulary import Vocabulary

ODD = {1: "</s>", 5: " </script>", 6: ' "a" & b', 7: "\n", 8: " ", 9: " <b>'"}


class Letters(Vocabulary):
    """`size` ids, each with a piece of its own."""

    def __init__(self, size: int) -> None:
        super().__init__(
            Path("letters"),
            b"letters",
            bos_id=-1,
            adds_bos=False,
            settings=b"",
            template=None,
        )
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    @property
    def pad_id(self) -> int:
        return 0

    @property
    def bos_id(self) -> int:
        return -1

    @property
    def eos_id(self) -> int:
        return 1

    def piece(self, number: int) -> str:
        return ODD.get(number, f" w{number}")

    def spelt(self, number: int) -> bytes:
        return b"" if number == 1 else self.piece(number).encode()

    def encode_alone(self, text: str) -> list[int]:
        raise NotImplementedError

    def _decode(self, ids: list[int]) -> str:
        return "".join(map(self.piece, ids))
