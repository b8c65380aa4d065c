"""Questions whose answers stand in the lead of a Wikipedia article, word for word.

    Taj Mahal. The Taj Mahal is an ivory-white marble mausoleum … It was commissioned in
    1631 by the fifth Mughal emperor, Shah Jahan …

    When was Taj Mahal commissioned?            1631
    What is Taj Mahal?                          an ivory-white marble mausoleum

Each pattern below finds a span of the lead and has several ways to ask for it. Nothing
is asked twice of one article, and an answer of more than `LONGEST` words is not asked.
The passage is the title and the first sentences, up to `PASSAGE_WORDS` words.
"""

import random
import re
from collections.abc import Iterator
from typing import NamedTuple

PASSAGE_WORDS = 60
LONGEST = 9

_MONTH = (
    r"January|February|March|April|May|June|July|August|September|October|November"
    r"|December"
)
DATE = rf"(?:\d{{1,2}} )?(?:(?:{_MONTH}) )?(?:\d{{1,2}}, )?\d{{3,4}}"
_WORD = r"[A-Z][\w'’–-]*"
NAME = rf"{_WORD}(?: (?:{_WORD}|(?:of|de|van|von) (?:the )?{_WORD}))*"
KIND = ("What is {x}?", "What was or is {x}?", "How is {x} described?")
VERBS = {
    "founded": ("When was {x} founded?", "In what year was {x} founded?"),
    "established": ("When was {x} established?", "{x} was established in which year?"),
    "released": ("When was {x} released?", "What is the release date of {x}?"),
    "built": ("When was {x} built?", "In what year was {x} built?"),
    "published": ("When was {x} published?", "In what year was {x} published?"),
    "introduced": ("When was {x} introduced?", "In what year did {x} appear?"),
    "created": ("When was {x} created?", "In what year was {x} created?"),
    "completed": ("When was {x} completed?", "In what year was {x} finished?"),
    "discovered": ("When was {x} discovered?", "In what year was {x} found?"),
    "incorporated": ("When was {x} incorporated?",),
    "signed": ("When was {x} signed?", "In what year was {x} signed?"),
}
AGENTS = {
    "directed": ("Who directed {x}?", "Who is the director of {x}?"),
    "written": ("Who wrote {x}?", "Who is the author of {x}?"),
    "produced": ("Who produced {x}?", "By whom was {x} produced?"),
    "developed": ("Who developed {x}?", "By whom was {x} developed?"),
    "published": ("Who published {x}?", "Who is the publisher of {x}?"),
    "founded": ("Who founded {x}?", "By whom was {x} founded?"),
    "created": ("Who created {x}?", "By whom was {x} created?"),
    "discovered": ("Who discovered {x}?",),
    "designed": ("Who designed {x}?", "By whom was {x} designed?"),
    "bordered": ("What borders {x}?", "By what is {x} bordered?"),
    "caused": ("What causes {x}?", "What is the cause of {x}?"),
}

# (What stands before and in the answer, which is the group; ways to ask for it.)
_REST, _PHRASE = r"[^,.;()]+", r"([^,.;()]+?)(?= or | and |,|[.;(]|$)"
OTHERS = (
    (
        r"\b(?:located|situated|found|native to|capital of|city in|town in|country in"
        r"|member of|part of|based in|headquartered in) (?:in |on |at )?"
        rf"((?:the )?{NAME})",
        ("Where is {x}?", "Where is {x} found?", "What is {x} part of?"),
    ),
    (
        r"population of (?:about |around |over |approximately )?"
        r"([\d,.]+(?: million| billion)?)",
        ("What is the population of {x}?", "How many people live in {x}?"),
    ),
    (
        r"area of (?:about |around )?([\d,.]+ (?:square )?[a-zA-Z²]+)",
        ("What is the area of {x}?", "How large is {x}?"),
    ),
    (
        rf"\b(?:also|sometimes|often|commonly) (?:called|known as|spelled) {_PHRASE}",
        ("What else is {x} called?", "By what other name is {x} known?"),
    ),
    (
        rf"\b(?:best|widely|mainly|mostly|chiefly) known for ({_REST})",
        ("What is {x} known for?", "For what is {x} known?"),
    ),
    (
        r"\bconsists? of ([^.;()]+)",
        ("What does {x} consist of?", "What makes up {x}?"),
    ),
    (
        rf"\bstudy of ({_REST})",
        ("What does {x} study?", "What is {x} the study of?"),
    ),
    (
        rf"\bused (?:for|to|in|as) (?!refer|describe|mean|denote)({_REST})",
        ("What is {x} used for?", "How is {x} used?"),
    ),
    (rf"\bbased on ({_REST})", ("What is {x} based on?",)),
    (rf"\bnamed after ({_REST})", ("After whom or what is {x} named?",)),
    (
        r"\b(?:one|some|many|most) of the (most [^,.;()]+?)(?= in |,|[.;(]|$)",
        ("What is said of {x}?", "As what does {x} rank?"),
    ),
    (r"\bfamily ([A-Z][a-z]+)\b", ("To which family does {x} belong?",)),
    (r"\bgenus ([A-Z][a-z]+)\b", ("To which genus does {x} belong?",)),
    (
        r"\bstarring ([^.;()]+?)(?= and |,|[.;(]|$)",
        ("Who stars in {x}?", "Who acts in {x}?"),
    ),
)


class Question(NamedTuple):
    """A question about a passage, the span that answers it; whether it is "What is"."""

    passage: str
    question: str
    answer: str
    kind: bool


def passage_of(title: str, text: str) -> str:
    """Title and first sentences; at least one sentence, cut where it is too long."""
    words = f"{title}. {text}".split()
    if len(words) <= PASSAGE_WORDS:
        return " ".join(words)
    cut = " ".join(words[:PASSAGE_WORDS])
    end = max(cut.rfind(mark, len(title) + 2) for mark in (". ", "; "))
    return cut[: end + 1] if end > 120 else cut


def questions(title: str, text: str, chance: random.Random) -> Iterator[Question]:
    """The questions that an article's lead answers, in drawn words."""
    passage = passage_of(title, text)
    body = passage[len(title) + 2 :]
    subject = re.sub(r" \(.*\)$", "", title)
    seen: set[str] = set()
    for forms, answer in _found(body):
        span = answer.strip(" ,;:")
        if not span or len(span.split()) > LONGEST or span in seen or span in subject:
            continue
        seen.add(span)
        question = chance.choice(forms).format(x=subject)
        yield Question(passage, question, span, forms is KIND)


def _found(body: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """(Ways to ask, answer) of every pattern that the text fits."""
    first = body.split(". ")[0]
    kind = re.search(
        r"\b(?:is|was|are|were) ((?:an?|the|any|one of the) [^.;:()]+?)"
        r"(?=,? (?:that|which|who|whose|where|when|used|located|situated|founded|known"
        r"|in|from|by|on|at|also|or)\b|, (?:an?|the|with|and|often|usually|considered"
        r"|of|found|first|such)\b|[.;:(]|$)",
        first,
    )
    if kind:
        yield KIND, kind[1]
    life = re.search(rf"\((?:[^()]*?; )?(?:born )?({DATE})\s?[–-]\s?({DATE})", first)
    if life:
        yield ("When was {x} born?", "When did {x} begin?"), life[1]
        yield ("When did {x} die?", "When did {x} end?"), life[2]
    born = re.search(rf"\bborn (?:on )?({DATE})", first)
    if born:
        yield ("When was {x} born?", "What is the birth date of {x}?"), born[1]
    for verb, forms in VERBS.items():
        match = re.search(rf"\b{verb}(?: [a-z]+)? (?:in|on) ((?:the )?{DATE})\b", body)
        if match:
            yield forms, match[1]
    for verb, forms in AGENTS.items():
        match = re.search(
            rf"\b{verb} by ((?:the )?[^,.;()]+?)(?= and |,|[.;(]|$)", body
        )
        if match:
            yield forms, match[1]
    for pattern, forms in OTHERS:
        match = re.search(pattern, body)
        if match:
            yield forms, match[1]
