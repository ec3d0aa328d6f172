"""`python -m benchmarks [SECTION ...] [--full] [--document]`: every figure from this machine, now.

Without a section all quick ones are measured; --full takes the long ones too, with more repetitions.
--document writes the sections whose results are kept in benchmarks/results into docs/benchmarks.md; others stay there.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence

from benchmarks import ROOT, report
from benchmarks.cached import cached
from benchmarks.figures import Effort, Finding
from benchmarks.lists import lists
from benchmarks.peers import peers
from benchmarks.quota import quota
from benchmarks.scale import scale
from benchmarks.screen import startup, ui
from benchmarks.slots import big, concurrency
from benchmarks.speed import speed_s
from benchmarks.sweep import sweep
from benchmarks.terminal import bar_lines, plot_lines, table_lines
from benchmarks.transport import transports
from benchmarks.trouble import faults
from forge_tui.core.turns import take_short_turns

Section = Callable[[Effort], Finding]
SECTIONS: dict[str, Section] = {
    "sweep": sweep,
    "concurrency": concurrency,
    "big": big,
    "quota": quota,
    "faults": faults,
    "cached": cached,
    "scale": scale,
    "ui": ui,
    "lists": lists,
    "startup": startup,
    "transports": transports,
    "peers": peers,
}
ONLY_FULL = ("transports", "peers")


def title_of(section: str) -> str:
    """What the section says of itself, without the full stop."""
    return (SECTIONS[section].__doc__ or "").strip().removesuffix(".")


def main(words: Sequence[str] | None = None) -> None:
    asked = _parser().parse_args(words)
    effort = Effort(asked.full)
    take_short_turns()  # as both faces do
    names = asked.sections or ([] if asked.document else [n for n in SECTIONS if asked.full or n not in ONLY_FULL])
    for name in names:
        print(f"\n== {name}: {title_of(name)}", flush=True)
        load, speed = os.getloadavg()[0], speed_s()
        started = time.perf_counter()
        finding = SECTIONS[name](effort)
        seconds = time.perf_counter() - started
        found = report.measured(name, title_of(name), finding, full=asked.full, seconds=seconds, load=load, speed=speed)
        report.keep(found)
        _print([line for table in finding.tables for line in table_lines(table)], finding.notes)
        print(f"({found.seconds:.0f} s)", flush=True)
    if names:
        _picture(names)
    if asked.document:
        report.write_document(report.DOCUMENT, report.kept(list(SECTIONS)), list(SECTIONS))
        print(f"wrote {report.DOCUMENT.relative_to(ROOT)}")


def _picture(names: Sequence[str]) -> None:
    """The end of every run: its plots, its bars, and where all of it is kept."""
    found = report.kept(names)
    for one in found:
        for plot in one.finding.plots:
            _print(plot_lines(plot))
    if bars := [bar for one in found for bar in one.finding.bars]:
        _print(bar_lines(bars))
    page = report.RESULTS / "report.md"
    report.write_markdown(page, found)
    print(f"\n{page.relative_to(ROOT)}, beside it a JSON file a section and the plots as SVG")


def _print(*several: Sequence[str]) -> None:
    for lines in several:
        print("\n".join(lines), flush=True)


def _parser() -> argparse.ArgumentParser:
    sections = "\n".join(
        f"  {name:12} {title_of(name)}{' (only with --full)' * (name in ONLY_FULL)}" for name in SECTIONS
    )
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=f"{__doc__}\nsections:\n{sections}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", choices=[[], *SECTIONS], help="all quick ones by default"
    )
    parser.add_argument("--full", action="store_true", help="the long runs too")
    parser.add_argument("--document", action="store_true", help="write the kept results into docs/benchmarks.md")
    return parser


if __name__ == "__main__":
    main()
