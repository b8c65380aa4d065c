"""The two examples of the authors' blog post of September 2025, as far as known.

Of the answers only what is quoted of them is here: two openings and one result.
"""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlogExample:
    """A question, and what the post shows of its answers.

    Attributes:
      question: as the post asks it.
      pair, task: of the shipped ones, those of its domain.
      answers: by who gives them; no more than is quoted.
    """

    question: str
    pair: str
    task: str
    answers: Mapping[str, str]


EXAMPLES = {
    "buzz_aldrin": BlogExample(
        question="Who is Buzz Aldrin?",
        pair="mini_suite",
        task="wiki_qa",
        answers={
            "the small model's answer begins": (
                "Buzz Aldrin is an American former astronaut"
            ),
            "the large model's answer begins": "Edwin 'Buzz' Aldrin, a pivotal figure",
        },
    ),
    "sheep": BlogExample(
        question=(
            "Mary has 30 sheep. She gets 1 kg of milk from half of them and 2 kg of "
            "milk from the other half every day. How much milk does she collect every "
            "day?"
        ),
        pair="mini_suite",
        task="word_problems",
        answers={"the right result": "45 kg"},
    ),
}
