"""No key and no ticket text in a log record."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_tui.telemetry.redact import REDACTED, WITHHELD, Redactor

KEY = "sk-CANARY-9f3k+q/==Zü"


@pytest.fixture
def redactor():
    redactor = Redactor()
    redactor.register(lambda: KEY)
    return redactor


@pytest.mark.parametrize("name", ["api_key", "API-Key", "api-subscription-key", "Authorization", "password", "token"])
def test_fields_that_look_like_keys_are_blank_whatever_they_hold(name):
    assert Redactor().record({name: "value", "headers": {name: "value"}}) == {
        name: REDACTED,
        "headers": {name: REDACTED},
    }


def test_counts_of_tokens_are_no_keys():
    record = {"tokens": 12, "saved_tokens": 3, "batch": "b-0001", "max_output_tokens": 2048}
    assert Redactor().record(record) == record


@pytest.mark.parametrize("name", ["text", "prompt", "messages", "content", "answer"])
def test_ticket_text_is_withheld(name):
    assert Redactor().record({name: "I paid twice"}) == {name: WITHHELD}


@pytest.mark.parametrize("spell", [str, repr, quote, lambda key: quote(key, safe="")])
def test_a_registered_secret_is_found_in_its_common_spellings(redactor, spell):
    shown = redactor.text(f"GET https://host/?k={spell(KEY)}&x=1")
    assert "CANARY" not in shown
    assert REDACTED in shown


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
def test_a_registered_secret_is_found_inside_base64(redactor, before):
    encoded = base64.b64encode(f"{before}{KEY}:tail".encode()).decode()
    shown = redactor.text(f"header {encoded}")
    assert base64.b64encode(b"CANARY").decode()[:6] not in shown
    assert REDACTED in shown


def test_secrets_are_found_in_nested_values_objects_and_bytes(redactor):
    class Holder:
        def __repr__(self):
            return f"<Holder {KEY}>"

    record = redactor.record({"a": [KEY, {"b": KEY.encode()}], "c": Holder(), "d": (1, None, True)})
    assert "CANARY" not in str(record)
    assert record["d"] == [1, None, True]


def test_whatever_follows_bearer_is_blank_without_being_registered():
    assert Redactor().text("Authorization: Bearer abc.def") == f"Authorization: Bearer {REDACTED}"


def test_the_redactor_itself_shows_no_secret(redactor):
    assert "CANARY" not in f"{redactor!r} {vars(redactor)}"


# None of these letters is in the mark that takes a secret's place.
FOREIGN = st.text(st.characters(codec="utf-8", exclude_characters=REDACTED + "%"), min_size=8)


@given(st.text(), FOREIGN, st.text())
def test_no_text_holds_a_registered_secret(before, secret, after):
    redactor = Redactor()
    redactor.register(lambda: secret)
    assert secret not in redactor.text(before + secret + after)
