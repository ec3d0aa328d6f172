"""The words of the command line: parses them, then loads what the chosen command needs and nothing else."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import click

from forge_tui import __version__
from forge_tui.cli import options

# Whole first sentences: cut ones end in dots that say nothing.
SHORT_HELP_CHARS = 200


class FilesOrCommand(click.Command):
    """A command on files, unless the first word names a subcommand; a file of that name is written ./jobs."""

    def __init__(self, *args: Any, subcommands: Mapping[str, click.Command], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subcommands = subcommands

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        # What was typed is kept: the last line of a run says it again.
        extra.setdefault("obj", tuple(args))
        extra.setdefault("terminal_width", _help_width())
        if args and args[0] in self.subcommands:
            return self.subcommands[args[0]].make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Subcommands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(SHORT_HELP_CHARS)) for name, command in self.subcommands.items()]
            )
        super().format_epilog(ctx, formatter)


def _help_width() -> int:
    """As click chooses it, without `shutil`, which loads three compressors for one number."""
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns
    except (ValueError, OSError):
        columns = 80
    return max(min(columns or 80, 80) - 2, 50)


def finish(command: Callable[[], int]) -> NoReturn:
    """Run a command and leave with its exit code; a refusal is one line on standard error."""
    from forge_tui.core.errors import ForgeError

    try:
        code = command()
    except ForgeError as refusal:
        from forge_tui.cli.ending import exit_code_of, told

        click.echo(told(refusal), err=True)
        code = exit_code_of(refusal)
    click.get_current_context().exit(code)


@click.command("jobs")
@click.argument("words", nargs=-1, metavar="[JOB | delete JOB ...]")
@options.JSON
@options.DB
@click.option("--older-than", type=click.FloatRange(0), metavar="DAYS", help="Delete the jobs made before then.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def jobs(words: tuple[str, ...], *, as_json: bool, older_than: float | None, yes: bool, **_flags: object) -> None:
    """Show the jobs in the database; with JOB (42, J-0042 or last) its state, results and failures."""
    flags = options.typed_flags()
    if words[:1] == ("delete",):
        from forge_tui.cli import delete

        finish(lambda: delete.delete(flags, words[1:], older_than_days=older_than, sure=yes))
    if len(words) > 1 or older_than is not None or yes:
        raise click.UsageError("name one JOB, or: jobs delete JOB ... | --older-than DAYS")
    from forge_tui.cli import look

    finish(lambda: look.jobs(flags, words[0] if words else None, as_json=as_json))


@click.command("export")
@click.argument("job")
@options.several(
    click.option("--output", metavar="DIR", required=True, help="Where the files go."),
    options.DB,
    *options.OUTPUT_RULES,
)
def export(job: str, **_flags: object) -> None:
    """Write results, failures and report of JOB (42, J-0042 or last)."""
    flags = options.typed_flags()
    from forge_tui.cli import look

    finish(lambda: look.export(flags, job))


@click.command("doctor")
@options.several(*options.PROVIDER, options.DB, options.JSON)
@click.option("--probe", is_flag=True, help="Pay for one round trip to the provider.")
def doctor(*, as_json: bool, probe: bool, **_flags: object) -> None:
    """Show settings, key, endpoint, database and the running job; fail when the database is not well."""
    flags = options.typed_flags()
    from forge_tui.cli import doctor as examination

    finish(lambda: examination.doctor(flags, as_json=as_json, probe=probe))


@click.command("simulate")
@click.option("--port", type=click.IntRange(0, 65535), required=True, metavar="N", help="The loopback port, 0 for any.")
@options.SIM
def simulate(port: int, sim: str | None) -> None:
    """Serve the simulated provider on this machine, for trying and for benchmarks."""
    from forge_tui.cli import simulate as simulation

    finish(lambda: simulation.serve(sim or "", port))


@click.command(
    "forge-tui",
    cls=FilesOrCommand,
    subcommands={"jobs": jobs, "export": export, "doctor": doctor, "simulate": simulate},
    epilog="FILE is CSV, JSONL, JSON or text with one ticket a line; - is standard input.",
)
@click.argument("files", nargs=-1, metavar="[FILE ...]")
@click.option("--batch", is_flag=True, help="Run without a screen, for cron and CI.")
@options.several(*options.RUN, options.JSON)
@click.option("--dry-run", is_flag=True, help="Say what it would take; send and store nothing.")
@click.option("--events", metavar="FILE", help="Write one JSON object a line as things happen.")
@click.option(
    "--resume", metavar="[JOB]", is_flag=False, flag_value="last", help="Go on with a stored job [the newest open one]."
)
@click.option("--job", metavar="JOB", help="The same, of one job: 42 or J-0042.")
@click.option("--retry-failed", metavar="JOB", help="Ask the failed tickets of a job again.")
@click.option("--new", "fresh", is_flag=True, help="Start afresh, also where an unfinished job has the same content.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw the console with plain symbols only.")
@click.version_option(__version__, message="forge-tui %(version)s")
def forge_tui(
    files: tuple[str, ...],
    *,
    batch: bool,
    as_json: bool,
    dry_run: bool,
    events: str | None,
    ascii_only: bool,
    resume: str | None,
    job: str | None,
    retry_failed: str | None,
    fresh: bool,
    **_flags: object,
) -> None:
    """Classify support tickets through a rate-limited LLM API and lose none of them."""
    flags = options.typed_flags()
    if not batch:
        only_batch = {"--json": as_json, "--dry-run": dry_run, "--events": events, "--new": fresh}
        only_batch |= {"--resume": resume, "--job": job, "--retry-failed": retry_failed}
        for spelling, given in only_batch.items():
            if given:
                raise click.UsageError(f"{spelling} goes with --batch")
        from forge_tui.cli import console

        finish(lambda: console.open_console(flags, files, ascii_only=ascii_only))
    if ascii_only:
        raise click.UsageError("--ascii goes with the console")
    resume = _one_of(files, {"--resume": resume, "--job": job, "--retry-failed": retry_failed}, fresh=fresh)
    from forge_tui.cli import batch as headless

    asked = headless.Asked(files, fresh, job or resume, retry_failed, as_json, dry_run, events)
    finish(lambda: headless.run(flags, asked))


def _one_of(files: tuple[str, ...], named: dict[str, str | None], *, fresh: bool) -> str | None:
    """Files or one way to name a stored job; answers what --resume names. Raises UsageError for a mixture."""
    given = [spelling for spelling, value in named.items() if value is not None]
    if len(given) > 1 or (given and (files or fresh)):
        raise click.UsageError(f"{' and '.join(given)}: name files, or one stored job")
    if not files and not given:
        raise click.UsageError("--batch needs a FILE, - for standard input, or --resume")
    return named["--resume"]
