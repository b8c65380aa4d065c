"""Chat templates: how a checkpoint writes a conversation as one text.

A template is a program in Jinja that comes with the checkpoint. Gemma's writes

    <bos><start_of_turn>user
    Translate: Click OK.<end_of_turn>
    <start_of_turn>model

for a user's turn, with the model's turn opened after it. It is rendered as
`transformers` does, in a sandbox: a template is a stranger's program. Two names that it
may know there are left out. `tools` and `documents` are always none, and `strftime_now`
is not defined: a prompt must not change with the day, and templates that ask for it
have a date of their own.

Where templates are found:

    chat_template.jinja       in a folder of Hugging Face, or else
    tokenizer_config.json     `chat_template`: a text, or a list of named ones, of which
                              the one named "default" is taken
    tokenizer.chat_template   in the metadata of a GGUF file
"""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speccascade.errors import UserError

if TYPE_CHECKING:
    import jinja2

DEFAULT = "default"
# What the probe's turns hold: words that no template writes of its own accord.
_QUESTION, _ANSWER = "speccascade asks", "speccascade answers"


@dataclass(frozen=True, kw_only=True)
class ChatTemplate:
    r"""A template, and the texts of the tokens that it may write.

    Attributes:
      text: the program.
      bos: text of the token that begins texts; empty: there is none.
      eos: text of the end token.
      path: of the vocabulary that it comes with, for messages.

    Example:
      "{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}{% endfor %}"
      with eos "</s>"  ->  prompt("Hi") is "[user] Hi</s>", turn_end is "</s>"
    """

    text: str
    bos: str
    eos: str
    path: Path

    @property
    def sha256(self) -> str:
        """Of all that prompts depend on, in hexadecimal."""
        said = "\0".join((self.text, self.bos, self.eos))
        return hashlib.sha256(said.encode()).hexdigest()

    def prompt(self, text: str) -> str:
        """`text` as a user's turn, then the model's turn opened.

        Raises:
          UserError: the template is damaged, fails, or leaves the text out.
        """
        rendered = self._render([_turn("user", text)], opens=True)
        self._check_has(rendered, text.strip())
        return rendered

    @functools.cached_property
    def turn_end(self) -> str:
        """What the template writes after the model's words; empty: nothing.

        Raises:
          UserError: the template is damaged, fails, or leaves these words out.
        """
        turns = [_turn("user", _QUESTION), _turn("assistant", _ANSWER)]
        rendered = self._render(turns, opens=False)
        self._check_has(rendered, _ANSWER)
        return rendered.rpartition(_ANSWER)[2]

    def _render(self, turns: Sequence[dict[str, str]], *, opens: bool) -> str:
        try:
            return self._compiled.render(
                messages=turns,
                add_generation_prompt=opens,
                bos_token=self.bos,
                eos_token=self.eos,
                tools=None,
                documents=None,
            )
        except Exception as error:  # whatever a stranger's program may raise
            reason = str(error).partition("\n")[0].rstrip(".")
            raise self._wrong(f"fails ({type(error).__name__}: {reason})") from error

    @functools.cached_property
    def _compiled(self) -> "jinja2.Template":
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols"],
        )
        environment.globals["raise_exception"] = _raise
        return environment.from_string(self.text)

    def _check_has(self, rendered: str, words: str) -> None:
        if words not in rendered:
            raise self._wrong("leaves out what is said")

    def _wrong(self, what: str) -> UserError:
        return UserError(
            f"The chat template that comes with {self.path} {what}: mend it, or ask "
            "without it (pair.form=few_shot, or generate without --chat)."
        )


def default_of(said: Any) -> str | None:
    """The template that `chat_template` of a tokenizer_config.json gives, if any.

    >>> default_of([{"name": "default", "template": "{{ bos_token }}"}])
    '{{ bos_token }}'
    """
    if isinstance(said, list):
        named = [one for one in said if isinstance(one, dict)]
        said = {one.get("name"): one.get("template") for one in named}.get(DEFAULT)
    return said if isinstance(said, str) else None


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _raise(message: str) -> None:
    """What templates call where a conversation is none of theirs."""
    from jinja2 import TemplateError

    raise TemplateError(message)
