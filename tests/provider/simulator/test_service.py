"""The provider as a whole: repeatable answers, reasoning, latency, and what it remembers of a client."""

import asyncio
import hashlib
import json
import statistics

import pytest

from simulator_builders import answer, chat, choice, client, payload, provider, raw, rows
from virtual_time import VirtualClock, run_virtual

FAULTY = "seed=7,latency=flat:1,faults=fence:0.2+id_missing:0.2+internal_error:0.2+hang:0.05+slow:0.1"


def trace(options, order):
    """What 40 requests met, each sent twice, when started in this order by 8 workers."""

    async def world():
        clock, seen, waiting = VirtualClock(), {}, iter(order)

        async def worker(http):
            for number in waiting:
                body = json.dumps(payload(f"ticket {number}")).encode()
                for attempt in (1, 2):
                    try:
                        reply = await http.post("/v1/chat/completions", content=body)
                        seen[number, attempt] = (reply.status_code, reply.headers["x-request-id"][9:], _content(reply))
                    except Exception as error:  # noqa: BLE001 - the trace tells its kind
                        seen[number, attempt] = (0, type(error).__name__, None)

        async with client(provider(options), clock, read=30) as http, asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(worker(http))
        return seen, clock.monotonic()

    return run_virtual(world(), limit_s=3600)


def _content(reply):
    return reply.json()["choices"][0]["message"]["content"] if reply.status_code == 200 else None


def test_the_same_seed_is_the_same_run_to_the_millisecond():
    assert trace(FAULTY, range(40)) == trace(FAULTY, range(40))


def test_what_a_request_meets_does_not_depend_on_the_order_of_the_workers():
    forward, backward = trace(FAULTY, range(40))[0], trace(FAULTY, reversed(range(40)))[0]
    assert forward == backward
    assert len({met[0] for met in forward.values()}) == 3


def test_another_seed_is_another_run():
    assert trace(FAULTY, range(40))[0] != trace(FAULTY.replace("seed=7", "seed=8"), range(40))[0]


def test_the_second_try_of_a_body_draws_anew():
    asked = provider("error_rate=0.5")
    statuses = {answer(asked, chat("a")).status for _ in range(20)}
    assert statuses == {200, 500}


def test_shares_of_faults_come_out_as_asked():
    asked = provider("error_rate=0.1,rate_limit_rate=0.05,reject=0,latency=0")
    for number in range(4000):
        answer(asked, chat(f"ticket {number}"))
    assert asked.stats.statuses[500] == pytest.approx(400, abs=60)
    assert asked.stats.statuses[429] == pytest.approx(200, abs=45)


def test_reasoning_is_on_unless_switched_off_by_an_explicit_null():
    for changes, reasons in (({}, False), ({"reasoning_effort": ...}, True), ({"reasoning_effort": "low"}, True)):
        reply = answer(provider(), chat("a", **changes))
        usage = json.loads(reply.body)["usage"]
        assert (choice(reply)["message"]["reasoning_content"] is not None) is reasons
        assert (usage["completion_tokens_details"] is not None) is reasons
        assert rows(reply)


def test_reasoning_that_eats_the_output_limit_leaves_a_null_content():
    reply = answer(provider(), chat("a", reasoning_effort=..., max_tokens=100))
    assert choice(reply)["message"]["content"] is None
    assert choice(reply)["finish_reason"] == "length"
    assert json.loads(reply.body)["usage"]["completion_tokens"] == 100


def test_an_answer_longer_than_the_output_limit_is_cut_there():
    reply = answer(provider(), chat(max_tokens=30))
    assert choice(reply)["finish_reason"] == "length"
    assert len(choice(reply)["message"]["content"]) == 120


def test_a_key_check_with_one_output_token_is_answered_ok():
    reply = answer(provider(), chat(messages=[{"role": "user", "content": "hello"}], max_tokens=1))
    assert choice(reply)["message"]["content"] == "OK"


def test_flat_latency_has_the_median_and_the_tail_it_is_known_for():
    asked = provider("latency=flat:1")
    delays = sorted(answer(asked, chat(f"ticket {number}")).delay_s for number in range(3000))
    assert statistics.median(delays) == pytest.approx(1.0, abs=0.05)
    assert delays[int(0.95 * len(delays))] == pytest.approx(1.7, abs=0.1)


def test_batch_latency_grows_with_what_is_written():
    asked = provider("latency=batch:0.45")
    short, long = (
        statistics.fmean(answer(asked, chat(*[f"ticket {run}"] * size)).delay_s for run in range(50))
        for size in (1, 20)
    )
    assert long > short + 3


def test_speed_scales_every_latency():
    normal, quick = (answer(provider(f"latency=flat:1{more}"), chat("a")).delay_s for more in ("", ",speed=0.1"))
    assert quick == pytest.approx(normal / 10)


def test_a_send_inside_a_told_wait_is_counted_and_one_after_it_is_not():
    asked = provider("script=1:rate_limited,retry_after=5")
    assert dict(answer(asked, chat("a"), 10).headers)["retry-after"] == "5"
    for now in (12, 14.9, 15, 16):
        answer(asked, chat("a"), now)
    assert asked.stats.sends_in_hold == 2


def test_a_wait_that_never_reached_the_client_binds_nobody():
    asked = provider("script=1:rate_limited,retry_after=5")
    lost = asked.accept(chat("a"), 10, 0)
    asked.ended(lost, 10, delivered=False)
    answer(asked, chat("a"), 11)
    assert asked.stats.sends_in_hold == 0


def test_sends_after_a_refused_key_are_counted():
    asked = provider("script=3-:revoked")
    for now in range(5):
        answer(asked, chat("a"), now)
    assert asked.stats.statuses == {200: 2, 403: 3}
    assert asked.stats.sends_after_halt == 2


def test_the_most_in_any_window_is_counted_over_all_windows():
    asked = provider()
    for now in (0, 30, 59, 60, 61, 62, 200):
        answer(asked, chat("a"), now)
    assert asked.stats.most_in(60) == 5
    assert asked.stats.as_json()["last_send_s"] == 200


def test_calls_of_a_ticket_and_repeated_bodies_are_counted():
    asked = provider()
    for request in (chat("a", "b"), chat("a"), chat("a")):
        answer(asked, request)
    assert asked.stats.ticket_calls == {_key("a"): 3, _key("b"): 1}
    assert asked.stats.calls_of("a") == 3
    assert asked.stats.duplicate_bodies == 1


def _key(text):
    return hashlib.sha256(text.encode()).digest()[:12]


def test_a_script_posted_later_counts_from_then_on():
    asked = provider("script=1-:bad_gateway")
    assert answer(asked, chat("a")).status == 502
    reply = answer(asked, raw(b'{"script": "2:gateway_timeout"}', path="/__sim/script"))
    assert json.loads(reply.body) == {"lines": 1}
    assert [answer(asked, chat("a")).status for _ in range(3)] == [200, 504, 200]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"script": "x"}', b'{"script": 5}'])
def test_a_script_that_cannot_be_read_is_refused_and_changes_nothing(body):
    asked = provider("script=1-:bad_gateway")
    assert answer(asked, raw(body, path="/__sim/script")).status == 400
    assert answer(asked, chat("a")).status == 502
