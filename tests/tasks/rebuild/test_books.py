"""From the pages of a book's packages to rows of the corpus."""

import pytest

from speccascade.errors import UserError
from speccascade.tasks.corpus import CorpusRow
from speccascade.tasks.rebuild import command
from speccascade.tasks.rebuild.books import (
    BOOKS,
    GIMP,
    GNOME,
    HANDBOOK,
    INSTALLATION_GUIDE,
)
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.splits import TRAIN_ONLY

OPEN = ("Opens the selected image.", "Öffnet das ausgewählte Bild.")
CLOSE = ("Closes all open images.", "Schließt alle geöffneten Bilder.")
CODE = ("x = 1 + 2 * 3", "x = 1 + 2 * 3")


def html(*texts):
    return "".join(f"<p>{text}</p>" for text in texts).encode()


def mallard(*texts):
    return b'<page xmlns="http://projectmallard.org/1.0/">%s</page>' % html(*texts)


class Stored(Packages):
    """Packages whose files are in memory: (package, path) -> content."""

    def __init__(self, folder, files):
        super().__init__(folder)
        self.stored = files

    def files(self, name, wanted):
        for (package, path), content in self.stored.items():
            if package == name and wanted(path):
                yield path, content


def pages(book, name, english, german):
    """One page of a book in both languages, as `Stored` takes it."""
    return {
        (book.english.package, book.english.folder + name): english,
        (book.german.package, book.german.folder + name): german,
    }


@pytest.mark.parametrize(
    ("book", "write"),
    [(GIMP, html), (GNOME, mallard), (INSTALLATION_GUIDE, html), (HANDBOOK, html)],
    ids=lambda value: getattr(value, "origin", ""),
)
def test_a_book_is_one_document_of_its_pages_in_path_order(book, write, tmp_path):
    files = {}
    for name, (en, de) in (("b", CLOSE), ("a/a", OPEN)):
        files |= pages(book, name + book.suffix, write(en, CODE[0]), write(de, CODE[1]))
    assert list(book.rows(Stored(tmp_path, files))) == [
        CorpusRow(book.origin, book.origin, *OPEN),
        CorpusRow(book.origin, book.origin, *CLOSE),
    ]


def test_pages_of_one_language_alone_and_other_files_are_passed_over(tmp_path):
    files = pages(GIMP, "a.html", html(OPEN[0]), html(OPEN[1]))
    files[GIMP.english.package, GIMP.english.folder + "en.html"] = html(CLOSE[0])
    files |= pages(GIMP, "images/a.png", b"", b"")
    files |= {
        (place.package, "usr/share/doc/b.html"): html(text)
        for place, text in zip((GIMP.english, GIMP.german), CLOSE, strict=True)
    }
    assert list(GIMP.rows(Stored(tmp_path, files))) == [
        CorpusRow("gimp", "gimp", *OPEN)
    ]


def test_a_package_without_pages_is_one_sentence(tmp_path):
    files = pages(GIMP, "a.html", html(OPEN[0]), html(OPEN[1]))
    del files[GIMP.german.package, GIMP.german.folder + "a.html"]
    with pytest.raises(UserError, match=r"gimp-help-de has no \.html pages"):
        list(GIMP.rows(Stored(tmp_path, files)))


@pytest.mark.parametrize(
    ("book", "damaged"), [(GNOME, b"<page><title>Torn"), (GIMP, b"")]
)
def test_a_page_that_cannot_be_read_is_named(book, damaged, tmp_path):
    files = pages(book, "a" + book.suffix, mallard(OPEN[0]), damaged)
    with pytest.raises(
        UserError, match=rf"/de/a\{book.suffix} of the package"
    ) as found:
        list(book.rows(Stored(tmp_path, files)))
    assert "\n" not in str(found.value)


def test_books_are_the_documents_that_cannot_be_split():
    assert {book.origin for book in BOOKS} == TRAIN_ONLY


def test_the_help_of_the_command_names_every_book(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert "gimp, gnome, instguide, handbook" in capsys.readouterr().out
