"""The benchmarks say what they measured: bars, tables, pictures, and reasons that follow from the figures."""

import io
import subprocess
from xml.etree import ElementTree as ET

import pytest

from benchmarks import cached as cached_job
from benchmarks import peers, report, sweep
from benchmarks.__main__ import SECTIONS, main, title_of
from benchmarks.figures import Bar, Effort, Finding, Plot, Spread, Table
from benchmarks.runs import Run
from benchmarks.svg import svg
from benchmarks.terminal import bar_lines, plot_lines, table_lines

PLOT = Plot("rates", "Rates & <more>", "slots", "tickets/s", {"ours": [(1, 5), (100, 480)]}, log_x=True, log_y=True)
MET = Bar("work", "wall / ideal", Spread.of([1.2, 1.04, 1.0]), 1.05)
MISSED = Bar("work", "rate", Spread.of([0.9]), 0.95, at_least=True)


def test_a_spread_is_the_median_with_the_extremes():
    assert Spread.of([3, 1, 2]).text(0) == "2 [1-3]"
    assert Spread.of([2]).text() == "2.00"


def test_a_bar_is_met_by_the_median_at_most_or_at_least():
    assert (MET.met, MISSED.met) == (True, False)
    assert MET.used < 1 < MISSED.used


def test_a_plot_is_well_formed_and_holds_every_point():
    drawn = ET.fromstring(svg(PLOT))  # noqa: S314 - our own
    assert len(drawn.findall("{*}circle")) == 2
    assert "Rates & <more>" in [text.text for text in drawn.findall("{*}text")]


def test_the_terminal_shows_tables_plots_and_bars():
    lines = [*table_lines(Table("sizes", ["size", "s"], [["1", "2.0"]])), *plot_lines(PLOT), *bar_lines([MET, MISSED])]
    shown = "\n".join(lines)
    assert all(
        words in shown for words in ("sizes", "Rates", "log10 slots", "MISSED", "met", "1.04 [1.00-1.20] <= 1.05")
    )


def test_what_was_measured_is_kept_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    finding = Finding([Table("t", ["a|b"], [["1"]])], [MET, MISSED], [PLOT], ["a note"])
    report.keep(report.measured("rates", "what they are", finding, full=False, seconds=1.0, load=0.5, speed=0.31))
    (found,) = report.kept(["rates", "never run"])
    assert found.finding.bars == [MET, MISSED]
    report.write_markdown(tmp_path / "report.md", [found])
    page = (tmp_path / "report.md").read_text()
    wanted = (
        "| rates | work | wall / ideal | 1.04 [1.00-1.20] | <= 1.05 | yes |",
        "**no**",
        "(rates.svg)",
        "- a note",
        "load average 0.5 before it began, five million additions in Python took 0.31 s",
    )
    assert [words for words in wanted if words not in page] == []
    assert (tmp_path / "rates.svg").exists()


def _found(section, note, *bars):
    return report.measured(section, "t", Finding(bars=bars, notes=[note]), full=True, seconds=1, load=0, speed=0.3)


def test_the_document_takes_in_what_was_measured_anew_and_keeps_the_rest(tmp_path):
    page, order = tmp_path / "benchmarks.md", ["one", "two", "three"]
    report.write_document(page, [_found("one", "first of one", MET), _found("three", "first of three", MISSED)], order)
    report.write_document(page, [_found("two", "of two"), _found("three", "second of three", MET)], order)
    told = page.read_text()
    assert [told.index(words) for words in ("of one", "of two", "second of three")] == sorted(
        told.index(words) for words in ("of one", "of two", "second of three")
    )
    assert "first of three" not in told
    assert told.count("| yes |") == 2
    assert "**no**" not in told
    report.write_document(page, [_found("two", "of two")], order)
    assert page.read_text() == told


def _arm(size, seconds, requests, failed=0):
    return sweep.Arm(size, [Run(50, 0.0, s, 1.0, requests, 100, 1.0, failed, 0.0) for s in seconds])


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ([_arm(1, [50], 50), _arm(50, [5], 6)], "submissions of 50 are best, 10.0 times the rate of 1; they need 6"),
        ([_arm(1, [50], 50), _arm(50, [5], 50)], "the gain is slots kept busy"),
        ([_arm(1, [5.0], 50), _arm(50, [5.1], 50)], "the same rate within 5%"),
        ([_arm(1, [5, 9, 7], 50), _arm(50, [4, 8, 6], 50)], "the spreads of the repetitions overlap"),
        ([_arm(1, [5], 50, failed=10)], "no size keeps its failures under 5%"),
        ([_arm(1, [5], 50)], "only 1 was measured"),
    ],
)
def test_the_sweeps_reason_follows_from_its_figures(arms, said):
    sound = [arm for arm in arms if arm.failed < sweep.FAILURES_UNDER]
    assert said in sweep._reason(arms, max(sound, key=lambda arm: arm.rate.median, default=None))


def test_the_sweeps_sizes_and_repetitions_can_be_set(monkeypatch):
    monkeypatch.setenv("BENCHMARK_BATCH_SIZES", "2,4")
    monkeypatch.setenv("BENCHMARK_REPS", "2")
    monkeypatch.delenv("SARVAM_API_KEY", raising=False)
    free, limited = sweep.sweep(Effort()).tables
    assert [[row[0] for row in table.rows] for table in (free, limited)] == [["2", "4"]] * 2


def test_with_a_key_the_price_is_told_and_nobody_to_agree_means_the_simulator(monkeypatch, capsys):
    monkeypatch.setenv("BENCHMARK_BATCH_SIZES", "2")
    monkeypatch.setenv("BENCHMARK_REPS", "1")
    monkeypatch.setenv("SARVAM_API_KEY", "sk-never-sent")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    tables = sweep.sweep(Effort()).tables
    said = capsys.readouterr().out
    assert "INR" in said
    assert "2 requests" in said
    assert "the simulator is measured instead" in said
    assert "simulator" in tables[0].title


def test_a_whole_cached_job_is_measured_against_sqlite_alone(monkeypatch):
    monkeypatch.setattr(cached_job, "COUNT", 300)
    (bar,) = cached_job.cached(Effort(repetitions=1)).bars
    assert bar.measured.median > 0


def test_a_peer_that_cannot_be_installed_is_skipped_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "ROOT", tmp_path)
    monkeypatch.setattr(peers, "ENVIRONMENTS", tmp_path / ".peers")

    def refused(command, **_):
        raise subprocess.CalledProcessError(1, command, stderr="looking\nERROR: no such package")

    monkeypatch.setattr(subprocess, "run", refused)
    with pytest.raises(peers.Skipped, match="ERROR: no such package"):
        peers._python_for(peers.Peer("nobody", "nobody.py", ("no-such-package",)))


def test_every_section_has_a_title_and_help_tells_it(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert [name for name in SECTIONS if title_of(name) not in said] == []
