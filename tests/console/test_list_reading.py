"""Rows of a list come from a real store: a page is one question, old rows stay until new ones come, late answers are dropped."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from console_builders import settle
from console_lists import a_hub, pressing, shown, words_of
from console_states import breaker_open
from console_stores import CAUSES, classified_job, failed_job, hub_over
from forge_tui.console.rows import StoreRows
from forge_tui.console.screens import row_list
from forge_tui.console.screens.failure_list import FailureList
from forge_tui.console.screens.results import ResultList
from forge_tui.console.screens.row_list import RowList
from forge_tui.storage.filters import Order


class Counted(StoreRows):
    """Rows of a store, and how often each kind was asked for."""

    def __init__(self, db):
        super().__init__(db)
        self.asked = Counter()
        self.pages = []

    def _read(self, query):
        self.asked["questions"] += 1
        return super()._read(query)

    def failures(self, job_id, **wanted):
        self.pages.append(len(wanted["positions"]))
        return super().failures(job_id, **wanted)

    def failure_positions(self, job_id, *order, **wanted):
        self.asked["positions"] += 1
        return super().failure_positions(job_id, *order, **wanted)

    def failure_codes(self, job_id, **wanted):
        self.asked["codes"] += 1
        return super().failure_codes(job_id, **wanted)

    def results(self, job_id, **wanted):
        self.pages.append(len(wanted["positions"]))
        return super().results(job_id, **wanted)


def counted_hub(db, job_id):
    hub = hub_over(db, job_id)
    hub.rows = Counted(db)
    return hub


async def rows_after(hub, *keys):
    async with shown(hub, *keys) as pilot:
        return pilot.app.screen.query_one(RowList), words_of(pilot)


async def test_a_page_of_a_sparse_filter_is_one_question_for_its_own_rows(tmp_path):
    hub = counted_hub(tmp_path / "forge.db", await failed_job(tmp_path / "forge.db", 2_000))
    rows, words = await rows_after(hub, "3", "slash", (*"code:E-5XX !class:simple ticket", "enter"), "G", "g")
    assert len(rows.list.ids) == 333
    assert hub.rows.pages == [200, 200, 167, 133]  # the dashboard's, mode 3's, what the filter adds, its last page
    assert "T-000004" in words


async def test_mode_3_reads_no_positions_that_the_dashboard_has_until_it_asks_for_others(tmp_path):
    hub = counted_hub(tmp_path / "forge.db", await failed_job(tmp_path / "forge.db", 2_000))
    async with shown(hub, "3") as pilot:
        rows = pilot.app.screen.query_one(RowList)
        assert (len(rows.list.ids), hub.rows.asked["positions"], hub.rows.asked["codes"]) == (2_000, 1, 1)
        assert "R Retry 1,500" in words_of(pilot)
        await pressing("slash", (*"code:E-5XX", "enter"))(pilot)
        assert (len(rows.list.ids), hub.rows.asked["positions"], hub.rows.asked["codes"]) == (500, 2, 2)


async def test_the_first_rows_come_with_the_answer_and_nothing_is_seen_to_come(monkeypatch):
    monkeypatch.setattr(RowList, "_read_page", lambda *_: None)
    async with shown(a_hub(), "3") as pilot:
        assert "T-000118" in words_of(pilot)
        assert "  … " not in words_of(pilot)


async def test_a_filter_is_drawn_with_its_answer_and_the_old_rows_never_again(monkeypatch):
    monkeypatch.setattr(row_list, "ANSWER_WITHIN_S", 60)
    drawn = Counter()
    cells = FailureList.cells
    monkeypatch.setattr(FailureList, "cells", lambda list_, row: drawn.update([row.position]) or cells(list_, row))
    async with shown(a_hub(), "3", "slash", tuple("code:E-5XX")) as pilot:
        drawn.clear()
        await pressing("enter")(pilot)
        assert set(drawn) == {118, 958}


async def test_a_store_that_takes_its_time_keeps_no_frame_back(monkeypatch):
    monkeypatch.setattr(row_list, "ANSWER_WITHIN_S", 0.001)
    answer, positions = Event(), FailureList.positions
    async with shown(a_hub(), "3", "slash", tuple("code:E-5XX")) as pilot:
        monkeypatch.setattr(FailureList, "positions", lambda *asked: answer.wait(60) and positions(*asked))
        await pilot.press("enter")
        async with asyncio.timeout(60):
            while pilot.app._batch_count:  # the screen that the terminal shows is drawn again from here on
                await pilot.pause(0.001)
        assert "Failures 30" in words_of(pilot)
        answer.set()
        await settle(pilot)
        assert "Failures 2 of 30" in words_of(pilot)


@pytest.mark.parametrize(
    ("build", "mode", "typed"), [(failed_job, "3", "code:E-5XX"), (classified_job, "4", "priority:high")]
)
async def test_ten_times_the_rows_ask_the_store_no_more_often(tmp_path, build, mode, typed):
    asked = []
    for count in (300, 3_000):
        db = tmp_path / f"{count}.db"
        hub = counted_hub(db, await build(db, count))
        await rows_after(hub, mode, "ctrl+d", "slash", (*typed, "enter"))
        asked.append(hub.rows.asked["questions"])
    assert asked[0] == asked[1]


async def test_the_sort_menu_sorts_in_the_store_and_backwards_when_chosen_again(tmp_path):
    hub = hub_over(tmp_path / "forge.db", await failed_job(tmp_path / "forge.db", 24))
    async with shown(hub, "3", "o", "6") as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert rows.list.ids == hub.rows.failure_positions(1, Order.VERDICT)
        assert "by retry?" in words_of(pilot)
        await pressing("o", "enter")(pilot)
        assert rows.list.ids == hub.rows.failure_positions(1, Order.VERDICT)[::-1]
        assert "by retry?, backwards" in words_of(pilot)
        await pressing("o", "k", "k", "enter")(pilot)
        assert rows.list.ids == hub.rows.failure_positions(1, Order.TRIES)


async def test_results_are_filtered_sorted_and_told_with_their_text(tmp_path):
    hub = hub_over(tmp_path / "forge.db", await classified_job(tmp_path / "forge.db", 30), done=30, failed=0)
    async with shown(hub, "4", "slash", (*"!category:other", "enter"), "o", "3", "j") as pilot:
        rows = pilot.app.screen.query_one(ResultList)
        high = [position for position in rows.list.ids if position % 3 == 0]
        assert len(rows.list.ids) == 20
        assert rows.list.ids[:10] == high
        assert f"text  ticket {rows.list.current}" in words_of(pilot)
        assert "Results 20 of 30 · by priority" in words_of(pilot)


async def test_causes_are_those_of_the_filter_and_one_leads_to_its_tickets(tmp_path):
    hub = hub_over(tmp_path / "forge.db", await failed_job(tmp_path / "forge.db", 24))
    async with shown(hub, "3", "slash", (*"!code:E-FILTER", "enter"), "c", "j", "j", "enter") as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        assert rows.typed == "code:E-SCHEMA category is not one of the five"
        assert rows.list.ids == list(range(1, 24, len(CAUSES)))
    async with shown(hub, "3", "c", "space", "j", "t"):
        pass
    assert [len(sent.positions) for sent in hub.commands] == [1]


async def test_old_rows_stay_until_their_successors_have_come(monkeypatch):
    hub = a_hub()
    async with shown(hub, "3") as pilot:
        before = words_of(pilot)
        asked = []
        monkeypatch.setattr(FailureList, "_read_page", lambda _, *question: asked.append(question))
        hub.job = replace(hub.job, failures_version=hub.job.failures_version + 1)
        pilot.app.clock.pass_by(1)
        await settle(pilot)
        assert asked
        assert words_of(pilot).splitlines()[2:] == before.splitlines()[2:]


async def test_an_answer_to_an_older_question_is_dropped():
    hub = a_hub()
    async with shown(hub, "3", "slash", (*"code:E-5XX", "enter")) as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        late = replace(rows._asked, typed="")
        rows._put_ids(late, [1, 2, 3], {})
        rows._put_rows(
            replace(late, version=late.version - 1), {118: replace(hub.rows.failure_list[0], message="late")}
        )
        await settle(pilot)
        assert rows.list.ids == [118, 958]
        assert "late" not in words_of(pilot)


async def test_another_job_brings_its_own_rows_and_marks():
    hub = a_hub()
    async with shown(hub, "3", "space") as pilot:
        rows = pilot.app.screen.query_one(FailureList)
        hub.job = replace(hub.job, job_id=43)
        hub.rows.failure_list = hub.rows.failure_list[4:]
        pilot.app.clock.pass_by(1)
        await settle(pilot)
        assert rows.list.marks == set()
        assert rows.list.ids[0] == 519
        hub.job = replace(hub.job, job_id=42)
        hub.rows.failure_list = a_hub().rows.failure_list
        pilot.app.clock.pass_by(1)
        await settle(pilot)
        assert rows.list.marks == {80}


async def test_ages_and_waits_go_on_by_themselves():
    hub = a_hub(breaker_open())
    async with shown(hub, "3") as pilot:
        assert "in 00:18" in words_of(pilot)
        first = next(line for line in words_of(pilot).splitlines() if "T-000118" in line)
        pilot.app.clock.pass_by(10)
        await settle(pilot)
        assert "in 00:08" in words_of(pilot)
        pilot.app.clock.pass_by(110)
        await settle(pilot)
        later = next(line for line in words_of(pilot).splitlines() if "T-000118" in line)
        assert ("8m" in first, "10m" in later, " now " in later) == (True, True, True)


async def test_marks_are_the_same_on_the_dashboard_and_in_mode_3_and_survive_sort_filter_and_fresh_rows():
    hub = a_hub()
    async with shown(hub, "space", "space", "3", "j", "j", "space", size=(80, 24)) as pilot:
        assert "3 selected" in words_of(pilot)
        hub.job = replace(hub.job, failures_version=hub.job.failures_version + 1)
        pilot.app.clock.pass_by(1)
        await pressing("o", "2", "slash", (*"code:E-5XX", "enter"), "1")(pilot)
        words = words_of(pilot)
        assert "Failures 30 · 3 selected" in words
        assert "r Retry 3" in words
        assert sorted(pilot.app.screen.query_one(FailureList).list.marks) == [80, 118, 231]
        assert words.count("●  ") >= 2


async def test_a_mark_goes_with_the_ticket_that_no_longer_fails():
    hub = a_hub()
    async with shown(hub, "3", "space", "space") as pilot:
        hub.rows.failure_list = hub.rows.failure_list[1:]
        hub.job = replace(hub.job, failures_version=hub.job.failures_version + 1, failed=29)
        pilot.app.clock.pass_by(1)
        await settle(pilot)
        assert pilot.app.screen.query_one(FailureList).list.marks == {118}


async def test_a_store_that_cannot_be_read_says_so_and_the_rows_stay():
    hub = a_hub()
    async with shown(hub, "3") as pilot:
        hub.rows = StoreRows(Path("/nowhere/forge.db"))
        hub.job = replace(hub.job, failures_version=hub.job.failures_version + 1)
        pilot.app.clock.pass_by(1)
        await settle(pilot)
        assert any("no database there yet" in note.message for note in pilot.app._notifications)
        assert "T-000118" in words_of(pilot)
