"""The in-process door: time, timeouts and broken connections as a real client meets them."""

import asyncio

import httpx
import pytest

from simulator_builders import client, payload, provider
from virtual_time import VirtualClock, run_virtual

PATH = "/v1/chat/completions"


def ask(options, **timeouts):
    """The answer or the exception of one call, and the virtual seconds it took."""

    async def world():
        clock = VirtualClock()
        async with client(provider(options), clock, **timeouts) as http:
            try:
                outcome = await http.post(PATH, json=payload())
            except httpx.HTTPError as error:
                outcome = error
        return outcome, clock.monotonic()

    return run_virtual(world(), limit_s=3600)


def test_an_answer_arrives_after_its_latency():
    reply, took_s = ask("latency=1.5")
    assert (reply.status_code, took_s) == (200, 1.5)
    assert len(reply.json()["choices"]) == 1


def test_a_refusal_is_quicker_than_an_answer():
    reply, took_s = ask("latency=1.5,rate_limit_rate=1")
    assert (reply.status_code, took_s) == (429, 0.02)


@pytest.mark.parametrize(
    ("options", "limits", "kind", "took_s"),
    [
        ("latency=5", {"read": 2}, httpx.ReadTimeout, 2),
        ("faults=hang:1", {"read": 60}, httpx.ReadTimeout, 60),
        ("faults=blackhole:1", {"connect": 7, "read": 60}, httpx.ConnectTimeout, 7),
        ("faults=refused:1", {"connect": 7}, httpx.ConnectError, 0),
        ("latency=3,faults=reset:1", {"read": 60}, httpx.ReadError, 3),
        ("latency=3,faults=reset:1", {"read": 2}, httpx.ReadTimeout, 2),
        ("latency=3,faults=reset_mid_body:1", {}, httpx.ReadError, 3),
        ("latency=3,faults=short_body:1", {}, httpx.RemoteProtocolError, 3),
        ("latency=1,faults=drip:1", {"read": 9}, httpx.ReadTimeout, 10),
    ],
)
def test_a_fault_of_the_wire_raises_what_httpx_raises_on_a_network(options, limits, kind, took_s):
    error, spent_s = ask(options, **limits)
    assert type(error) is kind
    assert spent_s == pytest.approx(took_s)


def test_a_drip_never_trips_the_read_timeout_but_takes_minutes():
    reply, took_s = ask("latency=1,faults=drip:1", read=11)
    assert reply.json()["object"] == "chat.completion"
    assert took_s == pytest.approx(191)


def test_a_hang_without_a_timeout_lasts_until_the_caller_gives_up():
    async def world():
        asked = provider("faults=hang:1")
        async with client(asked, VirtualClock()) as http:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(500):
                    await http.post(PATH, json=payload())
        return asked.stats

    stats = run_virtual(world(), limit_s=600)
    assert (stats.in_flight, stats.max_in_flight) == (0, 1)


def test_the_most_in_flight_is_what_the_client_had_in_flight():
    async def world():
        clock, asked = VirtualClock(), provider("latency=0.2,error_rate=0.2,faults=hang:0.1+reset_mid_body:0.2")
        slots = asyncio.Semaphore(7)

        async def one(http, number):
            async with slots:
                try:
                    await http.post(PATH, json=payload(f"ticket {number}"))
                except httpx.HTTPError:
                    return

        async with client(asked, clock, read=1) as http, asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(one(http, number))
        return asked.stats

    stats = run_virtual(world(), limit_s=600)
    assert (stats.requests, stats.in_flight, stats.max_in_flight) == (100, 0, 7)


def test_an_hour_of_refused_connections_ends_when_the_phase_does():
    async def world():
        clock = VirtualClock()
        async with client(provider("latency=0.5,phases=1-3601:refused"), clock) as http:
            seen = [(await http.post(PATH, json=payload())).status_code]
            await clock.sleep(1)
            with pytest.raises(httpx.ConnectError):
                await http.post(PATH, json=payload())
            await clock.sleep(3600)
            return [*seen, (await http.post(PATH, json=payload())).status_code]

    assert run_virtual(world(), limit_s=7200) == [200, 200]


def test_load_slows_everybody_down():
    async def world():
        clock, asked = VirtualClock(), provider("latency=flat:1,load=0.5")
        async with client(asked, clock) as http:
            await http.post(PATH, json=payload())
            alone_s = clock.monotonic()
            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(http.post(PATH, json=payload()))
            return alone_s, clock.monotonic() - alone_s

    alone_s, together_s = run_virtual(world(), limit_s=600)
    assert together_s > 3 * alone_s
