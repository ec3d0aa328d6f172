"""The launch screen in words: what a file holds, will send, cost and take, and with what it would run."""

from collections.abc import Mapping

from textual.content import Content

from forge_tui.console.hub import Preview
from forge_tui.console.presentation import Tone, foreign, line
from forge_tui.core.job import job_label
from forge_tui.core.text import one_line
from forge_tui.core.ticket import Complexity
from forge_tui.telemetry import figures

_LABEL_CELLS = 12
_SIMPLE_FIRST = (Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX)
_LINES_NAMED = 3
_FEW_TEXTS = 4


def preview_lines(preview: Preview, width: int, height: int) -> list[Content]:
    """Everything that is known of the files so far; first tickets give way where there is little room."""
    figures_lines = [
        _labelled("complexity", _complexity(preview)),
        _labelled("duplicates", _duplicates(preview)),
        _refused(preview, width),
        _labelled("to send", f"{_n(preview, preview.unique)} tickets in ≈ {figures.count(preview.requests)} requests"),
        *([_labelled("audit", _audit(preview))] if preview.audit_requests else ()),
        line(*_cost(preview), "   ", *_time(preview)),
        _labelled("bound by", preview.bound_by),
        _job(preview, width),
    ]
    head = [_head(preview, width), _columns(preview, width)]
    room = max(0, height - len(head) - len(figures_lines))
    return head + _texts(preview, width, min(room, _FEW_TEXTS)) + figures_lines


def run_lines(preview: Preview | None, chosen: Mapping[str, object], folder: str, width: int) -> list[Content]:
    """With what the job would run, and where its results go."""
    if preview is None:
        return [line(("name a file to see what it would take", Tone.DIM))]
    rate = chosen.get("requests_per_min")
    budget = chosen.get("max_cost")
    limit = figures.limit_of_money(float(str(budget)), preview.currency) if budget else "none"
    parts = [
        line(("model ", Tone.DIM), preview.model, (" (m)", Tone.FAINT)),
        line(("batch ", Tone.DIM), str(chosen.get("batch_size")), (" (b)", Tone.FAINT)),
        line(("slots ", Tone.DIM), str(chosen.get("concurrency"))),
        line(("rpm ", Tone.DIM), f"{rate:g}" if isinstance(rate, float | int) and rate else "as the provider's"),
        line(("budget ", Tone.DIM), limit, (" (B)", Tone.FAINT)),
    ]
    why = foreign(f"{preview.provider_why} · results to {folder}/", width, Tone.DIM)
    return [Content("  ").join(parts), why]


def _head(preview: Preview, width: int) -> Content:
    kinds = " ".join(dict.fromkeys(f"{file.format.upper()} {file.encoding}" for file in preview.files))
    size = sum(file.size_bytes for file in preview.files)
    many = f"{len(preview.files)} files · " if len(preview.files) > 1 else ""
    read = "whole file read" if preview.complete else f"scanning {preview.read_share:.0%}"
    words = f"{many}{kinds} · {_bytes(size)} · {_n(preview, preview.total)} rows · {read}"
    return foreign(words, width, Tone.STRONG)


def _columns(preview: Preview, width: int) -> Content:
    columns = list(dict.fromkeys(column for file in preview.files for column in file.columns))
    if not columns:
        return line(("one text a record", Tone.DIM))
    text = next((file.text_column for file in preview.files if file.text_column), "")
    tail = f"   text: {one_line(text or '', 20)}"
    return line(
        ("columns  ", Tone.DIM),
        foreign(", ".join(columns), max(8, width - 9 - len(tail) - 4)),
        (tail, Tone.STRONG),
        (" (c)", Tone.FAINT),
    )


def _texts(preview: Preview, width: int, count: int) -> list[Content]:
    return [
        line((f"{number}  ", Tone.FAINT), foreign(text, width - 3))
        for number, text in enumerate(preview.first_texts[:count], start=1)
    ]


def _complexity(preview: Preview) -> str:
    return " ".join(f"{c} {figures.count(preview.complexity.get(c, 0))}" for c in _SIMPLE_FIRST)


def _duplicates(preview: Preview) -> str:
    known = preview.cached + preview.twins
    return f"{_n(preview, known)} ({figures.count(preview.cached)} in cache, {figures.count(preview.twins)} twins)"


def _refused(preview: Preview, width: int) -> Content:
    if not preview.refused:
        return _labelled("refused", "none")
    lines = ", ".join(str(row.origin.line) for row in preview.first_refused[:_LINES_NAMED])
    more = ", …" if preview.refused > _LINES_NAMED else ""
    first = preview.first_refused[0].message if preview.first_refused else ""
    words = f"{figures.count(preview.refused)} of {_n(preview, preview.total)}: lines {lines}{more} · {first}"
    return line((f"{'refused':<{_LABEL_CELLS}}", Tone.DIM), foreign(words, width - _LABEL_CELLS, Tone.WARN))


def _cost(preview: Preview) -> list[tuple[str, str]]:
    if preview.free or preview.cost_band is None:
        return [("cost ", Tone.DIM), ("free" if preview.free else "no price known", Tone.STRONG)]
    low, high = (figures.money(amount, preview.currency) for amount in preview.cost_band)
    return [("cost ", Tone.DIM), (f"≈ {low} to {high}", Tone.STRONG)]


def _audit(preview: Preview) -> str:
    price = "" if preview.free or preview.audit_cost is None else figures.money(preview.audit_cost, preview.currency)
    return f"{_n(preview, preview.audit_requests)} of them asked again alone{f', ≈ {price}' if price else ''}"


def _time(preview: Preview) -> list[tuple[str, str]]:
    return [("ETA ", Tone.DIM), (f"≈ {figures.clock(preview.estimated_seconds)}", Tone.STRONG)]


def _job(preview: Preview, width: int) -> Content:
    job = preview.unfinished
    if job is None:
        return _labelled("job", "new: no unfinished one of these files")
    words = f"{job_label(job.job_id)} has this file: {job.counts.done} of {job.counts.total} done, enter goes on"
    return line((f"{'job':<{_LABEL_CELLS}}", Tone.DIM), foreign(words, width - _LABEL_CELLS, Tone.LEAD))


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
