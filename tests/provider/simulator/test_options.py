"""`--sim` texts: what they turn into, and errors that name the key."""

import pytest

from forge_tui.core.errors import SettingsRefused
from forge_tui.provider.simulator.faults import Fault
from forge_tui.provider.simulator.options import LatencyModel, Phase, RateHeaders, ScriptLine, SimulatorOptions
from forge_tui.provider.simulator.options_text import parse_options
from forge_tui.provider.simulator.worlds import WORLDS
from simulator_builders import answer, chat, provider


def test_an_empty_text_is_a_calm_world():
    assert parse_options("") == SimulatorOptions() == WORLDS["calm"]


def test_every_kind_of_key_is_read():
    assert parse_options(
        "latency=0.05,error_rate=0.1,rate_limit_rate=0.05,rpm=40,burst=3,seed=7,retry_after=1,speed=0.5,"
        "faults=fence:0.02+null_length:0.01,phases=30-90:refused+120-150:slow@0.5,cycle=200,"
        "script=3:reset+5-8:hang+10-:revoked,count_failed=1,cached_tokens=1,load=0.02,reject=0"
    ) == SimulatorOptions(
        seed=7,
        latency_model=LatencyModel.FIXED,
        latency_s=0.05,
        speed=0.5,
        load=0.02,
        reject_s=0.0,
        requests_per_min=40,
        burst=3,
        failed_calls_count=True,
        rate_headers=RateHeaders.SECONDS,
        retry_after_s=1,
        reports_cached_tokens=True,
        faults=(
            (Fault.INTERNAL_ERROR, 0.1),
            (Fault.RATE_LIMITED, 0.05),
            (Fault.FENCE, 0.02),
            (Fault.NULL_LENGTH, 0.01),
        ),
        phases=(Phase(30, 90, Fault.REFUSED), Phase(120, 150, Fault.SLOW, 0.5)),
        cycle_s=200,
        script=(
            ScriptLine(3, 3, Fault.RESET),
            ScriptLine(5, 8, Fault.HANG),
            ScriptLine(10, None, Fault.REVOKED),
        ),
    )


def test_keys_change_the_world_they_are_added_to_wherever_it_stands():
    demo = parse_options("seed=3,world=demo,error_rate=0")
    assert demo.phases == WORLDS["demo"].phases
    assert demo.seed == 3
    assert dict(demo.faults)[Fault.INTERNAL_ERROR] == 0
    assert dict(demo.faults)[Fault.FENCE] > 0


def test_a_model_of_latency_is_named_before_its_median():
    assert parse_options("latency=batch:0.45").latency_model is LatencyModel.BATCH
    assert parse_options("retry_after=2,headers=ms").rate_headers is RateHeaders.MILLISECONDS
    assert parse_options("rpm=0").requests_per_min is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency", "--sim latency: KEY=VALUE is missing its value"),
        ("latenzy=1", r"--sim latenzy: no such key; known are world, latency, speed"),
        ("latency=abc", r"--sim latency=abc: takes seconds .* \('abc' is no number\)"),
        ("latency=wild:1", r"--sim latency=wild:1: .*known are fixed, flat, batch"),
        ("latency=nan", "--sim latency=nan: .*out of range"),
        ("rpm=-1", "--sim rpm=-1: takes requests per minute, 0 for no limit"),
        ("burst=0", "--sim burst=0: takes a whole number of requests from 1"),
        ("error_rate=2", "--sim error_rate=2: takes a share from 0 to 1"),
        ("count_failed=yes", "--sim count_failed=yes: takes 0 or 1$"),
        ("headers=loud", "--sim headers=loud: takes none, seconds, float"),
        ("faults=fence", r"--sim faults=fence: takes NAME:SHARE"),
        ("faults=fance:0.1", r"'fance' is unknown; known are refused, "),
        ("faults=fence:0.6,error_rate=0.6", "--sim: the fault probabilities add up to 1.2, more than 1"),
        ("phases=90-30:refused", "90-30 ends before it begins"),
        ("script=0:refused", "'0' is no whole number from 1"),
        ("script=5-3:refused", "'3' is no whole number from 5"),
        ("world=mars", "--sim world=mars: known are calm, sarvam, demo"),
    ],
)
def test_a_wrong_text_is_refused_by_key_and_with_what_is_allowed(text, message):
    with pytest.raises(SettingsRefused, match=message):
        parse_options(text)


def test_phases_begin_with_the_first_call_and_start_over_with_the_cycle():
    asked = provider("phases=10-20:internal_error,cycle=60")
    at = {now: answer(asked, chat("a"), 1000 + now).status for now in (0, 9.9, 10, 19.9, 20, 70, 85, 131)}
    assert at == {0: 200, 9.9: 200, 10: 500, 19.9: 500, 20: 200, 70: 500, 85: 200, 131: 500}


def test_a_share_of_a_phase_hits_that_share_of_the_calls():
    asked = provider("phases=0-100:rate_limited@0.6,reject=0")
    hits = sum(answer(asked, chat(f"ticket {number}"), 1).status == 429 for number in range(1000))
    assert hits == pytest.approx(600, abs=50)


def test_a_script_wins_over_phase_and_chance_and_names_the_nth_call():
    asked = provider("script=2:reset_mid_body+4-5:bad_gateway,phases=0-9:gateway_timeout@0.0,error_rate=0")
    seen = [answer(asked, chat(str(number))) for number in range(6)]
    assert [reply.status for reply in seen] == [200, 200, 200, 502, 502, 200]
    assert asked.stats.faults == {"reset_mid_body": 1, "bad_gateway": 2}


def test_the_demo_opens_a_breaker_and_has_healed_before_it_asks_again():
    demo = WORLDS["demo"]
    (outage,) = [phase for phase in demo.phases if phase.fault is Fault.INTERNAL_ERROR]
    assert outage.share == 1
    assert 5 < outage.to_s - outage.from_s < 30
    assert demo.phase_at(outage.from_s + 30) is None
    assert demo.phase_at(outage.to_s + 30) is None
    assert {phase.fault for phase in demo.phases} > {Fault.SLOW, Fault.RATE_LIMITED, Fault.GARBAGE}
