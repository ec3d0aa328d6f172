import pytest

from forge_tui.core.errors import SettingsRefused
from forge_tui.core.outcome import Usage
from forge_tui.provider import presets
from forge_tui.provider.presets import is_loopback, resolve
from forge_tui.settings import Settings


def endpoint(*, has_key=True, **settings):
    return resolve(Settings(**settings), has_key=has_key)


def openai(**settings):
    return endpoint(provider="openai", **{"base_url": "https://host.example/v1", "model": "m"} | settings)


def test_without_a_key_the_local_rules_answer_and_it_is_said_why():
    local = endpoint(has_key=False)
    assert (local.provider, local.model, local.auth) == ("local", "local-rules", "none")
    assert "no key" in local.why
    assert local.is_free


def test_with_a_key_sarvam_answers_and_it_is_said_why():
    sarvam = endpoint(has_key=True)
    assert (sarvam.provider, sarvam.model, sarvam.auth) == ("sarvam", "sarvam-105b", "sarvam")
    assert sarvam.base_url == "https://api.sarvam.ai/v1"
    assert "key is set" in sarvam.why


def test_sarvam_sends_36_requests_a_minute_and_waits_60_s_for_an_answer():
    sarvam = endpoint()
    assert (sarvam.requests_per_min, sarvam.burst, sarvam.tokens_per_min) == (36, 1, None)
    assert (sarvam.connect_timeout_s, sarvam.read_timeout_s) == (10, 60)
    assert not sarvam.is_free


def test_reasoning_is_switched_off_in_each_routes_own_words():
    assert endpoint(provider="sarvam").reasoning == {"reasoning_effort": None}
    assert endpoint(provider="sarvam-v2").reasoning == {"reasoning_effort": "none"}
    assert openai().reasoning == {}


def test_set_limits_win_and_zero_takes_a_limit_off():
    assert endpoint(requests_per_min=120).requests_per_min == 120
    assert endpoint(requests_per_min=0).requests_per_min is None
    assert endpoint(tokens_per_min=9000, burst_requests=4).burst == 4


def test_set_timeouts_win():
    mine = endpoint(connect_timeout_s=1, read_timeout_s=2, write_timeout_s=3, total_timeout_s=4)
    assert (mine.connect_timeout_s, mine.read_timeout_s) == (1, 2)
    assert (mine.write_timeout_s, mine.total_timeout_s) == (3, 4)


@pytest.mark.parametrize(("missing", "flag"), [("base_url", "--base-url"), ("model", "--model")])
def test_openai_without_address_or_model_names_the_flag(missing, flag):
    with pytest.raises(SettingsRefused, match=flag):
        openai(**{missing: None})


def test_a_base_url_without_a_provider_is_refused_so_that_no_key_goes_to_a_stranger():
    with pytest.raises(SettingsRefused, match="--provider"):
        endpoint(base_url="https://host.example/v1")


@pytest.mark.parametrize(
    "url",
    ["host.example/v1", "ftp://host/v1", "https://", "https://host:99999/v1", "https://[::1/v1", "https://h h/v1"],
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(SettingsRefused, match="must look like"):
        openai(base_url=url)


@pytest.mark.parametrize(
    "url", ["https://me:sk-secret@host/v1", "https://host/v1?key=sk-secret", "https://h/#sk-secret"]
)
def test_a_key_inside_the_address_is_refused_without_showing_it(url):
    with pytest.raises(SettingsRefused) as refusal:
        openai(base_url=url)
    assert "sk-secret" not in str(refusal.value)


def test_the_path_of_the_base_url_stays_and_its_slash_goes():
    assert openai(base_url="https://openrouter.ai/api/v1/").base_url == "https://openrouter.ai/api/v1"


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://localhost.example/v1", False),
        ("http://127.0.0.1.example/v1", False),
        ("http://0.0.0.0/v1", False),
        ("http://10.0.0.7/v1", False),
    ],
)
def test_loopback_is_this_computer_only(url, inside):
    assert is_loopback(url) is inside


def test_a_server_beside_us_is_free_until_it_has_a_price_and_another_is_not_known_to_be():
    assert openai(base_url="http://localhost:11434/v1").is_free
    priced = {"price_input_per_million": 1.0, "price_output_per_million": 2.0}
    assert not openai(base_url="http://localhost:11434/v1", **priced).is_free
    assert not openai().is_free


def test_sarvams_price_is_in_rupees_with_its_date():
    price = endpoint().price
    assert (price.currency, price.as_of) == ("INR", "2026-09-20")
    assert price.cost(Usage(prompt_tokens=1_000_000)) == pytest.approx(29.28)
    assert price.cost(Usage(completion_tokens=1_000_000)) == pytest.approx(73.2)
    assert price.cost(Usage(prompt_tokens=1_000_000, cached_tokens=1_000_000)) == pytest.approx(10.98)
    assert price.in_usd(95.92) == pytest.approx(1.0)


def test_each_price_field_can_be_set_by_itself():
    price = endpoint(price_output_per_million=0.0, price_as_of="2027-01-01").price
    assert (price.input_per_million, price.output_per_million, price.as_of) == (29.28, 0.0, "2027-01-01")


def test_an_unknown_model_has_no_price_until_one_is_set():
    assert openai().price is None
    price = openai(price_input_per_million=0.5, price_output_per_million=1.5).price
    assert (price.currency, price.cached_input_per_million, price.usd_rate) == ("USD", 0.5, 1.0)


def test_half_a_price_is_refused():
    with pytest.raises(SettingsRefused, match="price_output_per_million"):
        openai(price_input_per_million=0.5)


def test_a_price_in_another_currency_needs_its_rate():
    price = {"price_input_per_million": 1, "price_output_per_million": 1, "price_currency": "EUR"}
    with pytest.raises(SettingsRefused, match="price_usd_rate"):
        openai(**price)
    assert openai(**price, price_usd_rate=0.9).price.in_usd(0.9) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "other",
    [{"model": "x"}, {"base_url": "https://other.example/v1"}, {"temperature": 0.5}, {"provider": "sarvam-v2"}],
)
def test_whatever_shapes_the_answer_changes_the_fingerprint(other):
    """D21: the original served one model's labels as another's."""
    assert endpoint(**{"provider": "sarvam"} | other).fingerprint != endpoint(provider="sarvam").fingerprint


@pytest.mark.parametrize("other", [{"batch_size": 5}, {"max_output_tokens": 512}, {"requests_per_min": 7}])
def test_what_does_not_shape_the_answer_leaves_the_fingerprint_alone(other):
    assert endpoint(**other).fingerprint == endpoint().fingerprint


def test_the_simulator_behaves_as_sarvam_without_its_rate():
    simulated = endpoint(provider="simulated", has_key=False)
    assert (simulated.auth, simulated.model, simulated.requests_per_min) == ("sarvam", "sarvam-105b", None)
    assert simulated.is_free


def test_the_operators_own_fields_change_the_fingerprint():
    assert openai(extra_body={"reasoning_effort": "none"}).fingerprint != openai().fingerprint


def test_the_operators_own_fields_leave_ours_alone():
    with pytest.raises(SettingsRefused, match="extra_body must leave messages, stream to this program"):
        openai(extra_body={"stream": True, "messages": [], "seed": 1})


@pytest.mark.parametrize(("provider", "changes"), [("local", True), ("simulated", True), ("sarvam", False)])
def test_other_words_of_the_rules_are_another_fingerprint_where_they_answer(monkeypatch, provider, changes):
    """D21: rules that learned something do not serve what they said before."""
    before = endpoint(provider=provider).fingerprint
    monkeypatch.setattr(presets, "vocabulary_version", lambda: "another")
    assert (endpoint(provider=provider).fingerprint != before) is changes
