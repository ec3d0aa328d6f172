"""The first line: job, file, state, provider and model, and whether what is seen is live."""

from textual.content import Content

from forge_tui.console.presentation import STATE_SIGNS, Tone, line, spread
from forge_tui.console.view import Crashed, Live, Refused, Starting, Stopped, View
from forge_tui.console.widgets.line import Line
from forge_tui.core.job import job_label
from forge_tui.core.text import cell_width, one_line
from forge_tui.telemetry import figures, frame

WIDE = 120
_LEAST_FILE = 20
_BRAND = line(" ", ("forge", f"bold {Tone.ACCENT}"), (" ▸ ", Tone.FAINT))
# Where no model answers, its name would say what is not so.
_NO_MODEL = {"simulated": "simulated", "local": "local rules"}


class Header(Line):
    """One line over every screen."""

    def content(self, view: View, width: int) -> Content:
        rights = _rights(view, wide=width >= WIDE)
        lead, state = _lead(view), _state(view)
        file = one_line(view.job.file, 80)
        least = lead.cell_length + min(_LEAST_FILE, cell_width(file)) + state.cell_length + 5
        right = next((right for right in rights if right.cell_length + least <= width), rights[-1])
        room = width - right.cell_length - lead.cell_length - state.cell_length - 6
        name = one_line(file, max(0, room))
        return spread(Content.assemble(lead, name, "   " if name else " ", state), line("  ", right, " "), width)


class LaunchHeader(Header):
    """The line over the launch screen: at the right the job that runs, or ran last."""

    def content(self, view: View, width: int) -> Content:
        left = Content.assemble(_BRAND, ("New job", Tone.STRONG))
        job = view.job
        other = line((f"{job_label(job.job_id)} ", Tone.DIM), _state(view), "   ") if job.job_id else Content("")
        clock = (f"{figures.time_of_day(view.at)}Z", Tone.DIM)
        rights = (line(other, _mark(view), "   ", clock), line(other, _mark(view)), _mark(view))
        right = next((right for right in rights if left.cell_length + right.cell_length + 4 <= width), rights[-1])
        return spread(left, line("  ", right, " "), width)


def _lead(view: View) -> Content:
    lead = _BRAND
    if not view.job.job_id:
        return Content.assemble(lead, ("no job", Tone.DIM))
    return Content.assemble(lead, (f"{job_label(view.job.job_id)} ", Tone.STRONG))


def _state(view: View) -> Content:
    job = view.job
    if not job.job_id:
        return Content("")
    words = frame.state_words(job)
    if ":" in words:
        # The reason stands below, in full; here its code is enough.
        words = " ".join(part for part in (job.state.value, job.state_code) if part)
    tone = Tone.WARN if words.startswith("waiting") else STATE_SIGNS[job.state][1]
    return line((f"{words.upper()} {figures.clock(job.elapsed_s)}", f"bold {tone}"))


def _rights(view: View, *, wide: bool) -> list[Content]:
    """What stands at the right, the fullest first."""
    job = view.job
    mark = _mark(view)
    clock = (f"{figures.time_of_day(view.at)}Z", Tone.DIM)
    model = one_line(job.model, 28)
    answers = _NO_MODEL.get(job.provider, model)
    shorter = [line((answers, Tone.DIM), "  ", mark, "  ", clock), line(mark, "  ", clock), mark]
    if not wide:
        return shorter
    health = f"ui {view.paint_ms:.0f} ms · engine p99 {job.engine_lag_p99_ms:.0f} ms"
    source = f"provider {one_line(job.provider, 16)} · model {model}" if job.provider else ""
    full = line((source, Tone.DIM), "      ", (health, Tone.FAINT), "    ", mark, "   ", clock)
    calmer = line((source, Tone.DIM), "    ", mark, "   ", clock)
    return [full, calmer, *shorter]


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
