"""What is written past Python is dropped for as long as asked, and no longer."""

import os

import pytest

from speccascade.quiet import standard_error_dropped


def test_only_what_is_written_within_is_dropped(capfd):
    os.write(2, b"before ")
    with standard_error_dropped():
        os.write(2, b"within ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_an_exception_gives_standard_error_back(capfd):
    with pytest.raises(ImportError), standard_error_dropped():
        raise ImportError("gone")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
