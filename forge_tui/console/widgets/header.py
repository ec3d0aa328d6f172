"""The first line: job, file, state, provider and model, and whether what is seen is live."""

from textual.content import Content

from forge_tui.console.presentation import STATE_SIGNS, Piece, Tone, line, spread
from forge_tui.console.view import Crashed, Live, Refused, Starting, Stopped, View
from forge_tui.console.widgets.line import Line
from forge_tui.core.job import job_label
from forge_tui.core.text import cell_width, one_line
from forge_tui.telemetry import figures, frame

WIDE = 120


class Header(Line):
    """One line over every screen."""

    def content(self, view: View, width: int) -> Content:
        right = _right(view, wide=width >= WIDE)
        return spread(_left(view, width - right.cell_length - 3), Content.assemble(right, " "), width)


def _left(view: View, room: int) -> Content:
    lead = line(" ", ("forge", f"bold {Tone.ACCENT}"), (" ▸ ", Tone.FAINT))
    job = view.job
    if not job.job_id:
        return Content.assemble(lead, ("no job", Tone.DIM))
    words = frame.state_words(job)
    shown = words.upper() if ":" not in words else words
    state = f"{shown} {figures.clock(job.elapsed_s)}"
    label = job_label(job.job_id)
    file = one_line(job.file, max(8, room - cell_width(label) - cell_width(state) - lead.cell_length - 4))
    tone = STATE_SIGNS[job.state][1]
    return Content.assemble(lead, (label, Tone.STRONG), f" {file}   ", (state, f"bold {tone}"))


def _right(view: View, *, wide: bool) -> Content:
    job = view.job
    model = one_line(job.model, 28)
    if wide and job.provider:
        model = f"provider {one_line(job.provider, 16)} · model {model}"
    health = f"ui {view.paint_ms:.0f} ms · engine p99 {job.engine_lag_p99_ms:.0f} ms" if wide else ""
    gap = "      " if wide else "  "
    parts: list[Piece] = [(model, Tone.DIM), gap]
    parts += [(health, Tone.FAINT), "    "] if wide else []
    parts += [_mark(view), gap[:3], (f"{figures.time_of_day(view.at)}Z", Tone.DIM)]
    return Content.assemble(*parts)


def _mark(view: View) -> Content:
    words, sign, tone = _health(view)
    return line((f"{words} ", Tone.DIM if tone is Tone.GOOD else tone), (sign, tone))


def _health(view: View) -> tuple[str, str, Tone]:
    match view.engine:
        case Crashed():
            return "engine dead", "✖", Tone.BAD
        case Refused():
            return "refused", "✖", Tone.BAD
        case Starting() | Stopped():
            return type(view.engine).__name__.lower(), "◌", Tone.DIM
        case Live():
            pass
    if view.frozen:
        return "frozen", "⏸", Tone.WARN
    if view.stale_s:
        return f"stale {view.stale_s:.0f} s", "◌", Tone.WARN
    return "live", "●", Tone.GOOD
