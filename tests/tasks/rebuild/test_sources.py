"""From the formats of Debian packages to aligned texts."""

import re
import subprocess

import pytest

from speccascade.errors import UserError
from speccascade.tasks.corpus import FILE_NAME, CorpusRow, read_corpus
from speccascade.tasks.rebuild import command, descriptions, libreoffice, manpages
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.rebuild.roff import plain, sections

PAGE = """<html><body><div id="DisplayArea"><h1 id="hd_id1">Find Bar</h1>
<p id="par_id2">Use <span class="menuitem">Find</span>
 to search &amp; replace.</p><p id="par_id2">second</p><p>no id</p></div>
</body></html>"""


def test_help_paragraphs_are_found_by_their_ids():
    found = libreoffice.units(PAGE.encode())
    assert found == {"hd_id1": "Find Bar", "par_id2": "Use Find to search & replace."}


ENGLISH = r"""
.\" a comment
.TH select 2
.SH NAME
select \- wait for
descriptors
.SH DESCRIPTION
.BR select ()
waits;
see
.BR poll (2).
.nf
int verbatim;
.fi
.TP
.B \-\-help
Shows \fIthis\fP text\[em]always.

After a blank\~line.
.SH NOTES
Only in English.
"""
GERMAN = r"""
.SH BEZEICHNUNG
select \- auf Deskriptoren warten
.SH BESCHREIBUNG
\fBselect\fP() wartet; siehe \fBpoll\fP(2).
.nf
int verbatim;
.fi
.TP
\fB\-\-help\fP
Zeigt \fIdiesen\fP Text \(en immer.
.PP
Nach einer leeren Zeile.
.SH ANMERKUNGEN
Eins.
.PP
Zwei.
.SH ÜBERSETZUNG
Von Hand.
"""


def test_manual_pages_are_cut_into_sections_and_paragraphs():
    assert sections(ENGLISH) == [
        ["select - wait for descriptors"],
        [
            "select() waits; see poll(2).",
            "--help Shows this text—always.",
            "After a blank line.",
        ],
        ["Only in English."],
    ]


def test_paragraphs_are_aligned_where_a_section_has_as_many():
    assert list(manpages.aligned(ENGLISH, GERMAN)) == [
        ("select - wait for descriptors", "select - auf Deskriptoren warten"),
        ("select() waits; see poll(2).", "select() wartet; siehe poll(2)."),
        ("--help Shows this text—always.", "--help Zeigt diesen Text – immer."),
        ("After a blank line.", "Nach einer leeren Zeile."),
    ]


def test_pages_in_mdoc_are_skipped():
    assert sections(".Dd January 1\n.Sh NAME\n") == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"a\-b \fBbold\fR \f[I]it\f[] \(aqq\(aq", "a-b bold it 'q'"),
        (r"\*(Aqs \s-2\u[1]\d\s+2 C:\ex", r"'s [1] C:\x"),
        (r"text \" comment", "text "),
    ],
)
def test_escapes_are_resolved_or_dropped(source, text):
    assert plain(source) == text


INDEX = {
    "en": """Package: tool
Description-md5: 1
Description-en: small tool for tests
 The tool makes tests
 run.  It is small.
 .
  * a list
 .
 It ends here now.

Package: other
Description-md5: 2
Description-en: changed since it was translated
 Text.
""",
    "de": """Package: tool
Description-md5: 1
Description-de: kleines Werkzeug für Tests
 Das Werkzeug lässt Tests
 laufen.  Es ist klein.
 .
  * eine Liste
 .
 Es endet hier nun.

Package: other
Description-md5: 3
Description-de: seit der Übersetzung geändert
 Text.
""",
}


class Index:
    """Stands for `Packages`: an index folder that is already there."""

    def __init__(self, folder):
        self.folder = folder
        for language, text in INDEX.items():
            (folder / f"site_i18n_Translation-{language}").write_text(text)

    def index(self):
        return self.folder


def test_descriptions_are_aligned_by_paragraph_and_translated_version(tmp_path):
    en = descriptions.parse(INDEX["en"], "en")["tool", "1"]
    assert en.paragraphs == [
        "The tool makes tests run.  It is small.",
        None,
        "It ends here now.",
    ]
    packages = Packages(tmp_path)
    packages.lists.mkdir()
    Index(packages.lists)
    assert list(descriptions.rows(packages)) == [
        CorpusRow("debian-description", "tool", one, other)
        for one, other in [
            (
                "The tool makes tests run.  It is small.",
                "Das Werkzeug lässt Tests laufen.  Es ist klein.",
            ),
            ("It ends here now.", "Es endet hier nun."),
        ]
    ] + [
        CorpusRow(
            "debian-synopsis",
            "tool",
            "small tool for tests",
            "kleines Werkzeug für Tests",
        )
    ]


def test_the_command_writes_a_corpus_from_what_is_already_downloaded(tmp_path, capsys):
    packages = Packages(tmp_path / "packages")
    packages.lists.mkdir()
    Index(packages.lists)
    for _ in range(2):
        arguments = [str(tmp_path), "--origins", "debian-packages"]
        if (tmp_path / FILE_NAME).exists():
            arguments += ["--compare", str(tmp_path / FILE_NAME)]
        assert command.main(arguments) == 0
    assert len(read_corpus(tmp_path / FILE_NAME)) == 3
    printed = capsys.readouterr().out
    assert re.search(r"debian-description +2 +2 +2 +2\n", printed)


def test_a_missing_tool_is_one_sentence_and_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.main([str(tmp_path), "--origins", "debian-packages"]) == 2
    assert "apt-get, which is not here" in capsys.readouterr().err


def test_files_of_a_package_are_read_in_order_without_links(tmp_path):
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: toy\nVersion: 1\nArchitecture: all\nMaintainer: n\nDescription: d\n"
    )
    (root / "usr").mkdir()
    (root / "usr" / "b.html").write_text("b")
    (root / "usr" / "a.html").write_text("a")
    (root / "usr" / "c.html").symlink_to("a.html")
    packages = Packages(tmp_path / "packages")
    target = packages.folder / "toy_1_all.deb"
    try:
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-b", root, target],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("dpkg-deb is not installed")
    found = list(packages.files("toy", lambda path: path.endswith(".html")))
    assert found == [("usr/a.html", b"a"), ("usr/b.html", b"b")]
    target.write_bytes(target.read_bytes()[:100])
    with pytest.raises(UserError, match="cannot be unpacked"):
        list(packages.files("toy", str.isascii))
