"""Running text of a manual page's source: sections of paragraphs, mark-up removed.

Only what alignment needs: where sections and paragraphs begin, and what they say. A
tag (`.TP`) and the text that it belongs to are one paragraph.
"""

import re
import shlex
from collections.abc import Iterator

# Macros that end a paragraph; `.IP` and `.HP` may carry a tag, which is dropped.
_BREAKS = frozenset(
    {".PP", ".LP", ".P", ".TP", ".TQ", ".IP", ".HP", ".RS", ".RE", ".sp"}
    | {".nf", ".fi", ".EX", ".EE", ".TS", ".TE"}  # those of _VERBATIM
)
_SECTIONS = frozenset([".SH", ".SS"])
# Text between these is laid out line by line: examples, synopses, tables.
_VERBATIM = {".nf": ".fi", ".EX": ".EE", ".TS": ".TE"}
# Font macros; those of two letters alternate between fonts, without spaces.
_SPACED = frozenset([".B", ".I", ".SM", ".SB"])
_CLOSE = frozenset([".BI", ".BR", ".IB", ".IR", ".RB", ".RI"])

_ESCAPES = (
    (re.compile(r'\\".*$'), ""),  # comment
    (re.compile(r"\\f(\[[^]]*\]|\(..|.)"), ""),  # font
    (re.compile(r"\\s[-+]?\d+"), ""),  # size
    (re.compile(r"\\m\[[^]]*\]"), ""),  # colour
    (re.compile(r"\\[&/,|^%:)cud]"), ""),  # spacing, joining, raising
    (re.compile(r"\\[ ~0]"), " "),
    (re.compile(r"\\-"), "-"),
    (re.compile(r"\\[e\\]|\\\(rs"), r"\\"),
)
_NAMED = {
    "aq": "'", "Aq": "'", "cq": "’", "oq": "‘", "lq": "“", "rq": "”", "dq": '"',
    "em": "—", "en": "–", "ha": "^", "ti": "~", "co": "©", "+-": "±", "mu": "×",
    "<=": "≤", ">=": "≥", "->": "→", "Bq": "„", "Fo": "«", "Fc": "»", "ga": "`",
    "bu": "•",
}  # fmt: skip
_NAME = re.compile(r"\\\[([^]]*)\]|\\\((..)|\\\*\((..)|\\\*\[([^]]*)\]")


def plain(text: str) -> str:
    """The text without escapes; unknown ones are dropped."""
    for pattern, replacement in _ESCAPES:
        text = pattern.sub(replacement, text)
    return _NAME.sub(
        lambda found: _NAMED.get(next(name for name in found.groups() if name), ""),
        text,
    )


def _arguments(rest: str) -> list[str]:
    """Arguments of a macro: words, or texts in double quotes."""
    lexer = shlex.shlex(rest, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    lexer.quotes = '"'
    try:
        return list(lexer)
    except ValueError:  # a quote that is not closed
        return rest.replace('"', "").split()


def _text(line: str) -> str | None:
    """What a line contributes to its paragraph, None where nothing."""
    if not line.startswith((".", "'")):
        return plain(line)
    macro, _, rest = line.partition(" ")
    if macro in _SPACED:
        return plain(" ".join(_arguments(rest)))
    if macro in _CLOSE:
        return plain("".join(_arguments(rest)))
    return None


def sections(page: str) -> list[list[str]]:
    """Paragraphs of each section of a man(7) page; [] for one in mdoc."""
    if re.search(r"^\.Dd\b", page, re.MULTILINE):
        return []
    found: list[list[str]] = []
    for kind, text in _events(page):
        if kind == "section":
            found.append([])
        elif found and text:
            found[-1].append(text)
    return found


def _events(page: str) -> Iterator[tuple[str, str]]:
    words: list[str] = []
    until = ""
    # A backslash at the end of a line continues it.
    for line in page.replace("\\\n", "").split("\n"):
        macro = line.partition(" ")[0]
        if until:
            until = "" if macro == until else until
            continue
        if macro in _SECTIONS or macro in _BREAKS or not line.strip():
            yield "paragraph", " ".join(" ".join(words).split())
            words = []
            until = _VERBATIM.get(macro, "")
            if macro in _SECTIONS:
                yield "section", ""
        elif (text := _text(line)) is not None:
            words.append(text)
    yield "paragraph", " ".join(" ".join(words).split())
