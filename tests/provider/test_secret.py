import copy
import os
import pickle

import httpx
import pytest

from forge_tui.core.errors import KeyRefused
from forge_tui.provider.key_auth import KeyAuth, auth_for
from forge_tui.provider.presets import resolve
from forge_tui.provider.secret import Secret, find_key
from forge_tui.settings import Settings

CANARY = "sk-CANARY-4f1c"
SARVAM = resolve(Settings(provider="sarvam"), has_key=True)


def openai(base_url):
    return resolve(Settings(provider="openai", base_url=base_url, model="m"), has_key=True)


def key_file(tmp_path, content, mode=0o600):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def signed(auth, url):
    request = httpx.Request("POST", url)
    return next(auth.auth_flow(request)).headers


def test_a_secret_shows_itself_to_nobody_who_does_not_ask():
    secret = Secret(CANARY)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", "%s" % secret, repr({"key": [secret]})):  # noqa: UP031
        assert CANARY not in shown
    assert secret.reveal() == CANARY


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_neither_pickled_nor_copied(copied):
    with pytest.raises(TypeError) as refusal:
        copied(Secret(CANARY))
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        (None, "SARVAM_API_KEY"),
        ("sarvam", "SARVAM_API_KEY"),
        ("sarvam-v2", "SARVAM_API_KEY"),
        ("openai", "FORGE_API_KEY"),
    ],
)
def test_each_provider_has_its_variable_and_never_takes_anothers_key(provider, variable):
    settings = Settings(provider=provider)
    other = {"SARVAM_API_KEY", "FORGE_API_KEY"} - {variable}
    assert find_key({variable: CANARY}, settings).reveal() == CANARY
    assert find_key({other.pop(): CANARY}, settings) is None


def test_the_environment_wins_over_the_key_file(tmp_path):
    settings = Settings(key_file=key_file(tmp_path, b"from-file\n"))
    assert find_key({"SARVAM_API_KEY": f" {CANARY}\n"}, settings).reveal() == CANARY
    assert find_key({"SARVAM_API_KEY": "  "}, settings).reveal() == "from-file"


@pytest.mark.parametrize("provider", ["local", "simulated"])
def test_what_runs_inside_the_process_never_sees_a_key(provider):
    env = {"SARVAM_API_KEY": CANARY, "FORGE_API_KEY": CANARY}
    assert find_key(env, Settings(provider=provider)) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_open_to_others_is_refused_with_its_cure(tmp_path, mode):
    path = key_file(tmp_path, CANARY.encode(), mode)
    with pytest.raises(KeyRefused, match="chmod 600"):
        find_key({}, Settings(key_file=path))


def test_a_folder_or_a_pipe_is_no_key_file(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(KeyRefused):
            find_key({}, Settings(key_file=path))


def test_a_missing_key_file_is_named(tmp_path):
    with pytest.raises(KeyRefused, match="nowhere: No such file"):
        find_key({}, Settings(key_file=tmp_path / "nowhere"))


@pytest.mark.parametrize(
    "content", [b"", b"\n", "sk-CANARY-\u00e9".encode(), b"sk-CANARY-\x07", b"sk-CANARY a", b"\xff\xfe"]
)
def test_what_cannot_be_a_key_is_refused_without_showing_it(tmp_path, content):
    with pytest.raises(KeyRefused) as refusal:
        find_key({}, Settings(key_file=key_file(tmp_path, content)))
    assert "CANARY" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_key_with_a_bad_character_in_the_environment_is_refused_without_showing_it():
    with pytest.raises(KeyRefused) as refusal:
        find_key({"SARVAM_API_KEY": f"{CANARY}\u2019"}, Settings())
    assert CANARY not in str(refusal.value)


def test_sarvam_gets_both_headers():
    headers = signed(KeyAuth(Secret(CANARY), SARVAM), "https://api.sarvam.ai/v1/chat/completions")
    assert headers["authorization"] == f"Bearer {CANARY}"
    assert headers["api-subscription-key"] == CANARY


def test_an_openai_server_gets_the_bearer_header_alone():
    headers = signed(
        KeyAuth(Secret(CANARY), openai("https://host.example/v1")), "https://host.example/v1/chat/completions"
    )
    assert headers["authorization"] == f"Bearer {CANARY}"
    assert "api-subscription-key" not in headers


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/v1", "http://api.sarvam.ai/v1", "https://api.sarvam.ai:8443/v1"]
)
def test_no_other_origin_ever_gets_the_key(elsewhere):
    headers = signed(KeyAuth(Secret(CANARY), SARVAM), elsewhere)
    assert CANARY not in str(headers.raw)


def test_a_key_never_crosses_a_network_in_clear_text_unless_allowed():
    endpoint = openai("http://10.0.0.7:8000/v1")
    with pytest.raises(KeyRefused, match="--allow-http"):
        auth_for(endpoint, Secret(CANARY), allow_http=False)
    assert auth_for(endpoint, Secret(CANARY), allow_http=True) is not None
    assert auth_for(openai("http://127.0.0.1:8000/v1"), Secret(CANARY), allow_http=False) is not None


def test_a_scheme_in_capitals_hides_nothing():
    with pytest.raises(KeyRefused):
        auth_for(openai("HTTP://10.0.0.7/v1"), Secret(CANARY), allow_http=False)


def test_sarvam_without_a_key_names_the_variable():
    with pytest.raises(KeyRefused, match="SARVAM_API_KEY"):
        auth_for(SARVAM, None, allow_http=False)


def test_a_server_of_ones_own_needs_no_key():
    assert auth_for(openai("http://localhost:11434/v1"), None, allow_http=False) is None
    assert auth_for(resolve(Settings(provider="local"), has_key=False), None, allow_http=False) is None


def test_a_key_that_a_server_sends_back_is_cut_out_but_a_placeholder_is_no_secret():
    assert KeyAuth(Secret(CANARY), SARVAM).redact(f"bad key {CANARY}!") == "bad key [key]!"
    assert KeyAuth(Secret("EMPTY"), SARVAM).redact("EMPTY result") == "EMPTY result"
