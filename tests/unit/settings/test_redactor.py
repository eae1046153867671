"""A known secret is replaced in every spelling, and nothing else is."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_core.declare.secrets import Redactor

SECRETS = ["hunter2", "p@ss w0rd/é\"\\'&<>+%\n", "日本語のパスワード", "a" * 500, "$2b$12$.{}[]()*"]
SPELLINGS = [
    str,
    quote,
    quote_plus,
    lambda s: quote(s, safe=""),
    lambda s: quote(s, safe="").lower(),
    lambda s: quote(s, safe=" +"),
    json.dumps,
    lambda s: json.dumps(s, ensure_ascii=False),
    repr,
    ascii,
    html.escape,
]


def _knowing(*values: str) -> Redactor:
    redactor = Redactor()
    for value in values:
        redactor.add(value)
    return redactor


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
def test_a_secret_is_replaced_however_it_is_spelled(secret: str, spelling: int) -> None:
    text = SPELLINGS[spelling](secret)
    redacted = _knowing(secret).redact(f"before {text} after")
    assert text not in redacted
    assert secret.strip() not in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert "***" in redacted


@given(st.text(min_size=4), st.text(), st.text())
def test_no_known_secret_survives(secret: str, before: str, after: str) -> None:
    redacted = _knowing(secret).redact(f"{before}{secret}{after}")
    if "*" not in secret:
        assert secret not in redacted


@given(st.text())
def test_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert _knowing("hunter2-canary").redact(text) == text


def test_a_secret_that_contains_another_goes_as_a_whole() -> None:
    assert _knowing("pass", "password").redact("my password, my pass") == "my ***, my ***"


def test_a_short_secret_goes_only_where_it_stands_alone() -> None:
    assert _knowing("pg").redact("user=pg; page upgraded pg.") == "user=***; page upgraded ***."


def test_nothing_is_not_a_secret() -> None:
    assert _knowing("", " ", "\n").redact("a - b\n") == "a - b\n"


def test_a_long_text_is_known_by_its_lines() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    redacted = _knowing(key).redact("log: MIIEvQIBADANBg\nlog: kqhkiG9w0BAQEF")
    assert redacted == "log: ***\nlog: ***"


def test_passwords_of_addresses_are_known_decoded_too() -> None:
    redactor = Redactor()
    redactor.add_url(
        "see postgresql+psycopg://me:s3cr%2Ft@host:5432/db?x=1 and https://plain.example/a:b@c"
    )
    assert redactor.redact("s3cr%2Ft s3cr/t me host a:b@c") == "*** *** me host a:b@c"


def test_bytes_that_are_no_text_keep_what_is_not_secret() -> None:
    assert _knowing("hunter2").redact_bytes(b"\xff\x00hunter2\xfe") == b"\xff\x00***\xfe"


def test_json_is_redacted_inside() -> None:
    value = {"hunter2": ["x hunter2", 1, None, True, {"deep": "hunter2"}]}
    assert _knowing("hunter2").redact_json(value) == {
        "***": ["x ***", 1, None, True, {"deep": "***"}]
    }
