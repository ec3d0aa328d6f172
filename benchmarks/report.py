"""What was measured, kept and told: a JSON file a section, Markdown, SVG plots, and docs/benchmarks.md from the last full run."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks import ROOT
from benchmarks.figures import Bar, Finding, Measured, Plot, Table
from benchmarks.svg import svg

RESULTS = ROOT / "benchmarks" / "results"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PLOT_PREFIX = "bench-"
_JSON = TypeAdapter(Measured)
_PACKAGES = ("forge_tui", "httpx", "aiosqlite", "textual", "pydantic")

_HEAD = """# Benchmarks

Written by `python -m benchmarks --document` from the last full run: do not edit. `make bench` measures the same on
your machine in about ten minutes (`python -m benchmarks --help` tells the sections, `--full` adds the peers and the
million). Read the ratios, which are taken in one run, not the seconds: absolute times are this machine's and move
with whatever else it does. The server is a process of its own on loopback, without TLS. A figure is the median of
its repetitions, with the least and the greatest in brackets.
"""


def measured(section: str, title: str, finding: Finding, *, full: bool, seconds: float, load: float) -> Measured:
    """The finding with this moment and this machine."""
    versions = {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{package: version(package) for package in _PACKAGES},
    }
    today = datetime.now(UTC).date().isoformat()  # noqa: TID251 - a report carries its date
    return Measured(section, title, finding, today, full, round(seconds, 1), _machine(), versions, round(load, 1))


def _machine() -> str:
    """Cores, processor and system: nothing that names the computer or its owner."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return f"{os.cpu_count()} cores, {model}, {platform.system()}"


def keep(found: Measured) -> Path:
    """Write `results/<section>.json`, and its plots beside it."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{found.section}.json"
    path.write_bytes(_JSON.dump_json(found, indent=1) + b"\n")
    for plot in found.finding.plots:
        (RESULTS / f"{plot.name}.svg").write_text(svg(plot), encoding="utf-8")
    return path


def kept(sections: Sequence[str]) -> list[Measured]:
    """What the last runs of these sections found, in this order; sections never run are left out."""
    paths = [RESULTS / f"{section}.json" for section in sections]
    return [_JSON.validate_json(path.read_bytes()) for path in paths if path.exists()]


def write_markdown(path: Path, found: Sequence[Measured], *, plots: Path, prefix: str = "") -> None:
    """A page of all findings, with its plots in the folder `plots`."""
    for plot in _plots(found):
        (plots / f"{prefix}{plot.name}.svg").write_text(svg(plot), encoding="utf-8")
    path.write_text(markdown(found, prefix), encoding="utf-8")


def markdown(found: Sequence[Measured], prefix: str = "") -> str:
    """Machine, bars, then section by section."""
    bars = [bar for one in found for bar in one.finding.bars]
    parts = [_HEAD, _made(found), "## Bars\n", _bar_table(bars)]
    for one in found:
        parts.append(f"## {one.section}: {one.title}\n")
        parts += [_table(table) for table in one.finding.tables]
        parts += [f"- {note}\n" for note in one.finding.notes]
        if one.load is not None:
            parts.append(f"- Load average before it began: {one.load:g}.\n")
        parts += [f"![{plot.title}]({prefix}{plot.name}.svg)\n" for plot in one.finding.plots]
    return "\n".join(parts)


def _made(found: Sequence[Measured]) -> str:
    dates = sorted({one.date for one in found})
    versions = ", ".join(f"{name} {number}" for name, number in found[-1].versions.items())
    machines = "; ".join(dict.fromkeys(one.machine for one in found))
    return f"Measured on {' to '.join(dict.fromkeys((dates[0], dates[-1])))}: {machines}; {versions}.\n"


def _plots(found: Sequence[Measured]) -> list[Plot]:
    return [plot for one in found for plot in one.finding.plots]


def _bar_table(bars: Sequence[Bar]) -> str:
    rows = [
        [bar.work, bar.figure, bar.measured.text(bar.digits), bar.demand, "yes" if bar.met else "**no**"]
        for bar in bars
    ]
    return _rows(["work", "figure", "measured", "bar", "met"], rows)


def _table(table: Table) -> str:
    return f"**{table.title}**\n\n{_rows(table.head, table.rows)}"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
