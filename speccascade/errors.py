"""The one exception whose message is written for the person at the terminal."""


class UserError(ValueError):
    """Bad input: one clear sentence that says what is wrong and what to do.

    The command line prints the message without a traceback and exits with status 2.
    Anything else that is raised is a defect of speccascade and keeps its traceback.
    """


def require(condition: bool, sentence: str) -> None:
    """Raises UserError with the sentence, its full stop added, unless the condition."""
    if not condition:
        raise UserError(sentence + ".")
