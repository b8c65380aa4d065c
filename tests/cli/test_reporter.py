"""Progress on a terminal and elsewhere."""

from speccascade.cli.reporter import ConsoleReporter


def test_elsewhere_a_plain_line_comes_at_intervals_and_at_the_end(capsys):
    with ConsoleReporter("demo", live=False, seconds=3600.0) as report:
        for done in range(1, 101):
            report.progress(done, 100, "batches")
    assert capsys.readouterr().err.splitlines() == [
        "demo: batches 1/100",
        "demo: batches 100/100",
    ]


def test_a_line_is_said_once_with_the_job_before_it_and_not_on_stdout(capsys):
    with ConsoleReporter("demo") as report:
        report.line("complete, nothing to do")
    assert capsys.readouterr() == ("", "demo: complete, nothing to do\n")


def test_on_a_terminal_a_bar_is_drawn_and_lines_stand_above_it(capsys):
    with ConsoleReporter("demo", live=True) as report:
        report.progress(1, 2, "batches")
        report.line("[half] done")
        report.progress(2, 2, "batches")
    assert "demo: [half] done" in capsys.readouterr().err
