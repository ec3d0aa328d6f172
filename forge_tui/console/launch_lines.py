"""The launch screen in words: what a file holds, will send, cost and take, and with what it would run."""

from collections.abc import Mapping
from pathlib import Path

from textual.content import Content

from forge_tui.console.hub import Preview
from forge_tui.console.presentation import Tone, foreign, joined, line
from forge_tui.core.job import job_label
from forge_tui.core.text import cell_width, one_line
from forge_tui.core.ticket import Complexity
from forge_tui.telemetry import figures
from forge_tui.telemetry.frame import fit

_LABEL_CELLS = 12
_SIMPLE_FIRST = (Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX)
_AIRY = 8  # lines to spare from which on blank ones part the first tickets from the figures
_WIDE = 90


def preview_lines(preview: Preview, width: int, height: int) -> list[Content]:
    """Everything that is known of the files so far; first tickets give way where there is little room."""
    figures_lines = [
        _labelled("complexity", _complexity(preview)),
        _labelled("duplicates", _duplicates(preview)),
        *_refused(preview, width),
        _labelled("to send", f"{_n(preview, preview.unique)} tickets in ≈ {figures.count(preview.requests)} requests"),
        *([_labelled("audit", _audit(preview))] if preview.audit_requests else ()),
        joined([_cost(preview), _time(preview), _rate(preview)], "", width),
        _labelled("bound by", preview.bound_by),
        *_job(preview, width),
    ]
    head = [_head(preview, width), _columns(preview, width)]
    room = max(0, height - len(head) - len(figures_lines))
    gap = [Content("")] * (room >= _AIRY)
    return head + gap + _texts(preview, width, room - 2 * len(gap)) + gap + figures_lines


def run_lines(preview: Preview | None, chosen: Mapping[str, object], folder: str, width: int) -> list[Content]:
    """With what the job would run, and where its results go."""
    if preview is None:
        return [line(("name a file to see what it would take", Tone.DIM))]
    budget = chosen.get("max_cost")
    rate = preview.requests_per_min
    parts = [
        _chosen("model", one_line(preview.model, 28), "m"),
        _chosen("batch", str(chosen.get("batch_size")), "b"),
        _chosen("slots", str(chosen.get("concurrency"))),
        _chosen("rpm", "none" if rate is None else f"{rate:g}"),
        _chosen("budget", figures.limit_of_money(float(str(budget)), preview.currency) if budget else "none", "B"),
    ]
    between = "   " if width >= _WIDE else "  "
    why = preview.provider_why.removeprefix(f"provider {preview.provider}")
    source = _chosen("provider", preview.provider, "p")
    where = foreign(f"{why} · results to {folder}/", width - source.cell_length, Tone.DIM)
    return [joined(parts, between, width), line(source, where)]


def _chosen(name: str, value: str, key: str = "") -> Content:
    chosen = line((f"{name} ", Tone.DIM), value)
    return line(chosen, " ", _key_of(key)) if key else chosen


def _key_of(key: str) -> Content:
    """The key that changes what stands before it."""
    return line(("(", Tone.DIM), (key, f"bold {Tone.ACCENT}"), (")", Tone.DIM))


def _head(preview: Preview, width: int) -> Content:
    kinds = ", ".join(dict.fromkeys(f"{file.format.upper()} {file.encoding}" for file in preview.files))
    size = sum(file.size_bytes for file in preview.files)
    many = f"{len(preview.files)} files · " if len(preview.files) > 1 else ""
    read = "whole file read" if preview.complete else f"scanning {preview.read_share:.0%}"
    short = "all read" if preview.complete else read
    rows = f"{_bytes(size)} · {_n(preview, preview.total)} rows"
    forms = (
        f"{many}{kinds} · {rows} · {read}",
        f"{many}{kinds} · {rows} · {short}",
        f"{many}{rows} · {short}",
    )
    return foreign(next((form for form in forms if cell_width(form) <= width), forms[-1]), width, Tone.STRONG)


def _columns(preview: Preview, width: int) -> Content:
    columns = list(dict.fromkeys(column for file in preview.files for column in file.columns))
    if not columns:
        return line(("one text a record", Tone.DIM))
    text = next((file.text_column for file in preview.files if file.text_column), "")
    tail = f"   text: {one_line(text or '', 20)} "
    return line(
        ("columns  ", Tone.DIM),
        foreign(", ".join(columns), max(8, width - 9 - len(tail) - 3)),
        (tail, Tone.STRONG),
        _key_of("c"),
    )


def _texts(preview: Preview, width: int, count: int) -> list[Content]:
    return [
        line((f"{number}  ", Tone.FAINT), foreign(text, width - 3))
        for number, text in enumerate(preview.first_texts[:count], start=1)
    ]


def _complexity(preview: Preview) -> str:
    return " ".join(f"{c} {figures.cell_count(preview.complexity.get(c, 0))}" for c in _SIMPLE_FIRST)


def _duplicates(preview: Preview) -> str:
    known = preview.cached + preview.twins
    return f"{_n(preview, known)} ({figures.count(preview.cached)} in cache, {figures.count(preview.twins)} twins)"


def _refused(preview: Preview, width: int) -> list[Content]:
    """How many for which reason, and where the first of them stand."""
    if not preview.refused:
        return [_labelled("refused", "none")]
    count = f"{figures.count(preview.refused)} of {_n(preview, preview.total)}"
    reasons = preview.refused_for.items()
    why = ", ".join(f"{figures.count(rows)} {reason}" if len(reasons) > 1 else reason for reason, rows in reasons)
    where = _places(preview, width - _LABEL_CELLS)
    return [
        line((f"{'refused':<{_LABEL_CELLS}}", Tone.DIM), foreign(f"{count}: {why}", width - _LABEL_CELLS, Tone.WARN)),
        line(" " * _LABEL_CELLS, foreign(where, width - _LABEL_CELLS, Tone.DIM)),
    ]


def _places(preview: Preview, width: int) -> str:
    """The lines of the first refused rows, of several files also which file that is."""
    rows = preview.first_refused
    if not rows:
        return ""
    file = rows[0].origin.file
    lines = [str(row.origin.line) for row in rows if row.origin.file == file]
    head = f"line{'s' * (len(lines) > 1)} " if len(preview.files) < 2 else f"{Path(file).name}:"
    shown = fit(lines, ", ", width - cell_width(head) - 3)
    return f"{head}{shown}{', …' if preview.refused > shown.count(',') + 1 else ''}"


def _audit(preview: Preview) -> str:
    price = "" if preview.free or preview.audit_cost is None else figures.money(preview.audit_cost, preview.currency)
    return f"{_n(preview, preview.audit_requests)} of them asked again alone{f', ≈ {price}' if price else ''}"


def _cost(preview: Preview) -> Content:
    words = "free" if preview.free else "no price known"
    if not preview.free and preview.cost_band is not None:
        low, high = (_rough(amount, preview.currency) for amount in preview.cost_band)
        words = f"≈ {low} to {high}"
    return line((f"{'cost':<{_LABEL_CELLS}}", Tone.DIM), (words, Tone.STRONG))


def _rough(amount: float, currency: str) -> str:
    """An estimate of money: from ten on its hundredths mean nothing."""
    return figures.limit_of_money(round(amount) if amount >= 10 else amount, currency)


def _time(preview: Preview) -> Content:
    return line(("   ETA ", Tone.DIM), (f"≈ {figures.clock(preview.estimated_seconds)}", Tone.STRONG))


def _rate(preview: Preview) -> Content:
    rate = preview.requests_per_min
    return line(("" if rate is None else f" at {rate:g} rpm", Tone.DIM))


def _job(preview: Preview, width: int) -> list[Content]:
    job = preview.unfinished
    if job is None:
        return [_labelled("job", "new: no unfinished one of these files")]
    counts = job.counts
    words = (
        f"{job_label(job.job_id)} has this file: {figures.count(counts.done)} of {figures.count(counts.total)} done, "
    )
    told = line((f"{words}enter goes on", Tone.LEAD)).wrap(max(8, width - _LABEL_CELLS))
    names = ("job", *[""] * (len(told) - 1))
    return [line((f"{name:<{_LABEL_CELLS}}", Tone.DIM), part) for name, part in zip(names, told, strict=True)]


def _labelled(name: str, words: str) -> Content:
    return line((f"{name:<{_LABEL_CELLS}}", Tone.DIM), words)


def _n(preview: Preview, number: int) -> str:
    return figures.count(number) if preview.complete else f">= {figures.count(number)}"


def _bytes(size: int) -> str:
    scaled = float(size)
    for unit in ("B", "kB", "MB"):
        if scaled < 1000:
            return f"{scaled:.0f} {unit}" if unit == "B" else f"{scaled:.1f} {unit}"
        scaled /= 1000
    return f"{scaled:.1f} GB"
