"""Output that appears whole or not at all, and never over something that is not its own."""

import json
import os
import stat
from pathlib import Path

import pytest

from forge_tui.core.errors import OutputRefused
from forge_tui.core.job import JobCounts, JobRecord, JobSpec, JobState
from forge_tui.pipeline.document import job_document
from forge_tui.pipeline.output_folder import check_folder, default_folder, whole_files


def job(
    job_id: int = 1, files: tuple[str, ...] = ("tickets.csv",), sha256: str = "0" * 64, model: str = "local-rules"
) -> JobRecord:
    spec = JobSpec(files, sha256, "text", "local", "", model, "p1")
    return JobRecord(job_id, spec, JobState.READY, "", 1000.5, None, None, None, JobCounts(), 0, 0.0, None)


def leave_report(folder: Path, owner: JobRecord) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text(json.dumps(job_document(owner)))


def write(folder: Path, text: str) -> None:
    with whole_files(folder, ("results.jsonl",)) as (file,):
        file.write(text)


@pytest.mark.parametrize(
    ("first", "folder"),
    [("tickets.csv", "tickets-results"), ("/data/a.b.jsonl", "a.b-results"), ("-", "stdin-results")],
)
def test_the_default_folder_is_named_after_the_first_file(first: str, folder: str):
    assert default_folder(first) == Path(folder)


def test_files_are_their_owners_alone(tmp_path: Path):
    write(tmp_path / "out", "a\n")
    assert stat.S_IMODE((tmp_path / "out" / "results.jsonl").stat().st_mode) == 0o600


def test_a_fault_in_the_middle_leaves_what_stood_there(tmp_path: Path):
    write(tmp_path, "old\n")

    def fail_half_way() -> None:
        with whole_files(tmp_path, ("results.jsonl",)) as (file,):
            file.write("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("results.jsonl", "old\n")]


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A power cut leaves the old file or the new one, never an empty one."""
    done: list[str] = []

    def told(name: str):
        real = getattr(os, name)
        return lambda *args, **options: (done.append(name), real(*args, **options))[1]

    for name in ("fsync", "rename"):
        monkeypatch.setattr(os, name, told(name))
    with whole_files(tmp_path, ("results.jsonl", "report.json")) as (results, report):
        results.write("a\n")
        report.write("b\n")
    assert done == ["fsync", "fsync", "rename", "rename", "fsync"]


def test_a_file_left_by_a_killed_run_does_not_stand_in_the_way(tmp_path: Path):
    (tmp_path / ".results.jsonl.part").write_text("half")
    write(tmp_path, "whole\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("results.jsonl", "whole\n")]


def test_a_symlink_in_the_folder_is_replaced_and_not_followed(tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("keep")
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.jsonl").symlink_to(victim)
    (out / ".results.jsonl.part").symlink_to(victim)
    write(out, "new\n")
    assert (victim.read_text(), (out / "results.jsonl").is_symlink()) == ("keep", False)


def test_a_symlink_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OutputRefused, match="symbolic link"):
        check_folder(tmp_path / "link", job().spec, force=True)
    with pytest.raises(OutputRefused):
        write(tmp_path / "link", "")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputRefused, match="is a file: name a folder"):
        check_folder(tmp_path / "out", job().spec, force=False)


def test_a_place_where_no_folder_can_be_made_is_refused_before_anything_is_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused, match="file is a file: name a folder"):
        check_folder(tmp_path / "file" / "out", job().spec, force=True)
    check_folder(tmp_path / "new" / "out", job().spec, force=False)
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)  # the superuser may write everywhere
    with pytest.raises(OutputRefused, match="cannot be written to"):
        check_folder(tmp_path / "new" / "out", job().spec, force=True)


@pytest.mark.parametrize("again", [job(), job(job_id=2), job(files=("moved.csv",))])
def test_the_same_content_may_replace_its_files_whatever_its_number(tmp_path: Path, again: JobRecord):
    leave_report(tmp_path, job())
    check_folder(tmp_path, again.spec, force=False)


@pytest.mark.parametrize("other", [job(job_id=2, sha256="1" * 64), job(model="sarvam-105b")])
def test_another_jobs_results_are_kept_unless_forced(tmp_path: Path, other: JobRecord):
    leave_report(tmp_path, other)
    with pytest.raises(OutputRefused, match=f"holds the results of {other.label}: .*--force"):
        check_folder(tmp_path, job().spec, force=False)
    check_folder(tmp_path, job().spec, force=True)


def test_files_without_a_readable_report_are_kept(tmp_path: Path):
    (tmp_path / "results.csv").write_text("mine")
    (tmp_path / "report.json").write_text("[" * 100_000)
    with pytest.raises(OutputRefused, match="no job of ours"):
        check_folder(tmp_path, job().spec, force=False)


def test_an_input_is_never_written_over_even_if_forced(tmp_path: Path):
    source = tmp_path / "results.csv"
    source.write_text("text\nhelp\n")
    os.link(source, tmp_path / "tickets.csv")
    with pytest.raises(OutputRefused, match="is an input"):
        check_folder(tmp_path, job(files=("-", str(tmp_path / "tickets.csv"))).spec, force=True)


def test_a_folder_nobody_may_write_to_is_refused_with_a_cure(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused, match="name another folder with --output"):
        write(tmp_path / "file" / "below", "")
