"""What was measured, kept and told: a JSON file a section, Markdown, SVG plots, and docs/benchmarks.md section by section."""

import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks import ROOT
from benchmarks.figures import Finding, Measured, Table
from benchmarks.svg import svg

RESULTS = ROOT / "benchmarks" / "results"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PLOT_PREFIX = "bench-"
_JSON = TypeAdapter(Measured)
_PACKAGES = ("forge_tui", "httpx", "aiosqlite", "textual", "pydantic")

_HEAD = """# Benchmarks

Written by `python -m benchmarks SECTION ... --full --document`, the sections that were measured anew: do not edit.
`make bench` measures the same on your machine in about ten minutes (`python -m benchmarks --help` tells the sections,
`--full` adds the peers and the million). Read the ratios, which are taken in one run, not the seconds: absolute times
are this machine's and move with whatever else it does, and so does a ratio to a wait once the processor is the slower
of the two; each section says when it was measured and how fast the machine was. The server is a process of its own on
loopback, without TLS. A figure is the median of its repetitions, with the least and the greatest in brackets.
"""


def measured(
    section: str, title: str, finding: Finding, *, full: bool, seconds: float, load: float, speed: float
) -> Measured:
    """The finding with this moment and this machine."""
    versions = {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{package: version(package) for package in _PACKAGES},
    }
    today = datetime.now(UTC).date().isoformat()  # noqa: TID251 - a report carries its date
    return Measured(
        section, title, finding, today, full, round(seconds, 1), _machine(), versions, round(load, 1), round(speed, 2)
    )


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


def write_markdown(path: Path, found: Sequence[Measured]) -> None:
    """A page of these findings, its plots beside it."""
    _draw(found, path.parent)
    bars = {one.section: _bar_rows(one) for one in found}
    path.write_text(_page(found, bars, {one.section: _section(one) for one in found}), encoding="utf-8")


def write_document(path: Path, found: Sequence[Measured], sections: Sequence[str]) -> None:
    """The page at `path` with what was found anew; every other of `sections` stays as it is told there."""
    _draw(found, path.parent, PLOT_PREFIX)
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    bars, texts = _bars_told(page), _texts_told(page)
    for one in found:
        bars[one.section], texts[one.section] = _bar_rows(one), _section(one, PLOT_PREFIX)
    in_order = {name: texts[name] for name in sections if name in texts}
    path.write_text(_page(found, {name: bars.get(name, []) for name in in_order}, in_order), encoding="utf-8")


def _bars_told(page: str) -> dict[str, list[str]]:
    """The rows of a page's table of bars, by section."""
    rows: dict[str, list[str]] = {}
    for row in re.findall(r"^\| [a-z]+ \| .*\n", page.partition("## Bars\n")[2].partition("\n## ")[0], re.MULTILINE)[
        1:
    ]:
        rows.setdefault(row.split()[1], []).append(row)
    return rows


def _texts_told(page: str) -> dict[str, str]:
    return {
        text.split(":")[0]: f"## {text.rstrip()}\n"
        for text in re.split(r"^## ", page, flags=re.MULTILINE)
        if ":" in text.split("\n")[0]
    }


def _draw(found: Iterable[Measured], folder: Path, prefix: str = "") -> None:
    for one in found:
        for plot in one.finding.plots:
            (folder / f"{prefix}{plot.name}.svg").write_text(svg(plot), encoding="utf-8")


def _page(found: Sequence[Measured], bars: Mapping[str, Sequence[str]], texts: Mapping[str, str]) -> str:
    """Versions, bars, then section by section."""
    head = _rows(["section", "work", "figure", "measured", "bar", "met"], [])
    table = head + "".join(row for name in texts for row in bars[name])
    versions = ", ".join(f"{name} {number}" for name, number in found[-1].versions.items())
    parts = [_HEAD, f"Last measured with {versions}.\n", "## Bars\n", table]
    return "\n".join([*parts, *texts.values()])


def _section(one: Measured, prefix: str = "") -> str:
    parts = [f"## {one.section}: {one.title}\n", *map(_table, one.finding.tables)]
    parts += [f"- {note}\n" for note in one.finding.notes]
    if one.load is not None and one.speed_s is not None:
        speed = f"five million additions in Python took {one.speed_s:.2f} s"
        parts.append(f"- Measured on {one.date}, {one.machine}: load average {one.load:g} before it began, {speed}.\n")
    parts += [f"![{plot.title}]({prefix}{plot.name}.svg)\n" for plot in one.finding.plots]
    return "\n".join(parts)


def _bar_rows(one: Measured) -> list[str]:
    return [
        _row(
            [
                one.section,
                bar.work,
                bar.figure,
                bar.measured.text(bar.digits),
                bar.demand,
                "yes" if bar.met else "**no**",
            ]
        )
        for bar in one.finding.bars
    ]


def _table(table: Table) -> str:
    return f"**{table.title}**\n\n{_rows(table.head, table.rows)}"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(map(_row, [head, ["---"] * len(head), *rows]))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"
