"""Layers of settings: which one wins, and what is said of a wrong one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from forge_tui.core.errors import SettingsRefused
from forge_tui.settings import Settings
from forge_tui.settings_sources import Given, load_settings, state_folder


@pytest.fixture(autouse=True)
def clean_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FORGE_CONCURRENCY", "FORGE_API_KEY", "SARVAM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def toml(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = folder / "own.toml"
    file.write_text(text)
    monkeypatch.setenv("FORGE_SETTINGS", str(file))
    return file


def test_each_layer_wins_over_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen = [load_settings().settings.concurrency]
    toml(tmp_path, "concurrency = 11", monkeypatch)
    seen.append(load_settings().settings.concurrency)
    (tmp_path / ".env").write_text("FORGE_CONCURRENCY=12\n")
    seen.append(load_settings().settings.concurrency)
    monkeypatch.setenv("FORGE_CONCURRENCY", "13")
    seen.append(load_settings().settings.concurrency)
    seen.append(load_settings([Given("concurrency", 14, "--concurrency")]).settings.concurrency)
    assert seen == [10, 11, 12, 13, 14]


def test_the_users_own_settings_file_is_found_without_being_named(tmp_path: Path):
    folder = tmp_path / "xdg_config_home" / "forge_tui"
    folder.mkdir(parents=True)
    (folder / "settings.toml").write_text("max_attempts = 5")
    assert load_settings().settings.max_attempts == 5


def test_the_source_of_every_set_value_is_known(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORGE_MODEL", "small")
    assert load_settings().sources["model"] == "FORGE_MODEL in the environment"


def test_an_empty_variable_sets_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORGE_MODEL", "")
    assert load_settings().settings.model is None


def test_variables_are_read_in_any_case(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("forge_concurrency", "7")
    assert load_settings().settings.concurrency == 7


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [("batch_size", "auto", "auto"), ("batch_size", "8", 8), ("use_cache", "false", False), ("max_cost", "2.5", 2.5)],
)
def test_a_variables_text_becomes_the_fields_kind(field: str, text: str, value, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"FORGE_{field.upper()}", text)
    assert getattr(load_settings().settings, field) == value


@pytest.mark.parametrize("text", ["enable_thinking=0", "[1]", "7"])
def test_a_variable_for_a_table_takes_a_json_object_only(text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORGE_EXTRA_BODY", '{"chat_template_kwargs": {"enable_thinking": false}}')
    assert load_settings().settings.extra_body == {"chat_template_kwargs": {"enable_thinking": False}}
    monkeypatch.setenv("FORGE_EXTRA_BODY", text)
    with pytest.raises(SettingsRefused, match=r"^FORGE_EXTRA_BODY in the environment: should be a "):
        load_settings()


def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant(monkeypatch: pytest.MonkeyPatch):
    """D37: a misspelt setting never passes silently."""
    monkeypatch.setenv("FORGE_CONCURENCY", "3")
    with pytest.raises(SettingsRefused, match=r"FORGE_CONCURENCY in the environment.*mean FORGE_CONCURRENCY\?"):
        load_settings()


def test_a_misspelt_name_in_dotenv_is_refused(tmp_path: Path):
    """D37: `.env` is held to the same names."""
    (tmp_path / ".env").write_text("FORGE_MAX_ATEMPTS=3\n")
    with pytest.raises(SettingsRefused, match=r"FORGE_MAX_ATEMPTS in \.env .*mean FORGE_MAX_ATTEMPTS\?"):
        load_settings()


def test_a_misspelt_name_in_the_settings_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """D37: and so is the TOML file, which is named."""
    file = toml(tmp_path, "max_cots = 3", monkeypatch)
    with pytest.raises(SettingsRefused, match=rf"max_cots in {file} is no setting; did you mean max_cost\?"):
        load_settings()


@pytest.mark.parametrize(
    ("given_value", "told"),
    [
        (Given("concurrency", 0, "--concurrency"), "--concurrency: should be greater than or equal to 1"),
        (Given("provider", "clippy", "--provider"), "--provider: should be 'sarvam'"),
        (Given("batch_size", "some", "--batch-size"), "--batch-size: should be 'auto' or should be a valid integer"),
    ],
)
def test_a_wrong_value_names_its_source_and_what_is_allowed(given_value: Given, told: str):
    with pytest.raises(SettingsRefused) as refusal:
        load_settings([given_value])
    assert str(refusal.value).startswith(told)


def test_a_refusal_does_not_repeat_the_value(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORGE_CONCURRENCY", "sk-CANARY-1")
    with pytest.raises(SettingsRefused) as refusal:
        load_settings()
    assert "CANARY" not in str(refusal.value)


def test_a_broken_settings_file_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = toml(tmp_path, "concurrency = = 3", monkeypatch)
    with pytest.raises(SettingsRefused, match=f"{file}: not readable as TOML"):
        load_settings()


def test_a_named_settings_file_must_exist(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORGE_SETTINGS", "/nowhere/at/all.toml")
    with pytest.raises(SettingsRefused, match=r"FORGE_SETTINGS names /nowhere/at/all\.toml: no such file"):
        load_settings()


def test_a_key_in_dotenv_reaches_the_environment_and_no_setting(tmp_path: Path):
    (tmp_path / ".env").write_text("FORGE_API_KEY=sk-CANARY-2\n")
    loaded = load_settings()
    assert loaded.environment["FORGE_API_KEY"] == "sk-CANARY-2"
    assert "CANARY" not in repr(loaded.settings)


def test_dotenv_is_read_from_the_working_folder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".env").write_text("FORGE_CONCURRENCY=12\n")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert load_settings().settings.concurrency == 10


def test_the_database_stands_in_the_state_folder_unless_named(tmp_path: Path):
    assert load_settings().db == state_folder() / "forge.db"
    assert load_settings([Given("db", "other.db", "--db")]).db == Path("other.db")


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Settings().concurrency = 3


@given(st.sampled_from(sorted(Settings.model_fields)), st.text(max_size=12))
def test_any_text_for_any_setting_is_taken_or_refused_by_its_source(field: str, text: str):
    try:
        taken = load_settings([Given(field, text, "--some-flag")]).sources[field]
    except SettingsRefused as refusal:
        taken = str(refusal).partition(":")[0]
    assert taken == "--some-flag"
