"""Tokens: made once, kept as hashes, with a role, an end, and nothing to be learnt from the file."""

from __future__ import annotations

import json
import os
import time

import pytest

from citybrain.errors import InputError
from citybrain.operations.access import Access, new_token, read_tokens, withdraw_token


@pytest.fixture
def file(tmp_path):
    return tmp_path / "room" / "tokens.json"


def test_a_token_has_its_name_and_role_and_is_not_in_the_file(file):
    secret = new_token(file, name="ana", role="operator")
    other = new_token(file, name="ben", role="viewer")
    access = Access(file, open_viewing=False)
    who = access.principal(secret)
    assert (who.name, who.role) == ("ana", "operator")
    assert access.principal(other).role == "viewer"
    assert secret not in file.read_text()
    assert oct(file.stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize("wrong", ["", "x", "cb_", "Bearer", "a" * 201, "é" * 20, "\ud800"])
def test_other_tokens_are_nobodys(file, wrong):
    secret = new_token(file, name="ana", role="operator")
    access = Access(file, open_viewing=True)
    assert access.principal(wrong) is None
    assert access.principal(secret[:-1]) is None
    assert access.principal(secret + "a") is None


def test_without_a_token_one_may_look_where_that_is_open_and_nowhere_else(file):
    assert Access(file, open_viewing=True).principal(None).role == "viewer"
    assert Access(file, open_viewing=False).principal(None) is None


def test_a_token_ends_by_time_or_when_it_is_withdrawn(file, monkeypatch):
    monkeypatch.setattr("citybrain.operations.access._LOOK_S", 0.0)
    brief, kept = new_token(file, name="brief", role="viewer", days=0.5), new_token(file, name="kept", role="viewer")
    access = Access(file, open_viewing=False)
    assert access.principal(brief) is not None
    now_s = time.time()
    monkeypatch.setattr("citybrain.operations.access.time.time", lambda: now_s + 43201)
    assert access.principal(brief) is None
    withdraw_token(file, "kept")
    assert access.principal(kept) is None


def test_a_name_has_one_token_and_only_who_has_one_can_lose_it(file):
    new_token(file, name="ana", role="viewer")
    with pytest.raises(InputError, match="'ana' has a token; withdraw it first"):
        new_token(file, name="ana", role="operator")
    with pytest.raises(InputError, match=r"'ben' has no token \(ana has\)"):
        withdraw_token(file, "ben")


@pytest.mark.parametrize("text", ["", "{}", '[{"name": "x"}]', "not json"])
def test_a_broken_file_is_one_clear_line_and_lets_nobody_in(file, text, monkeypatch):
    secret = new_token(file, name="ana", role="operator")
    monkeypatch.setattr("citybrain.operations.access._LOOK_S", 0.0)
    access = Access(file, open_viewing=False)
    assert access.principal(secret) is not None
    os.utime(file, (1, 1))
    file.write_text(text)
    with pytest.raises(InputError, match="not a token file"):
        read_tokens(file)
    assert access.principal(secret) is None


def test_a_file_that_others_may_write_is_refused(file):
    new_token(file, name="ana", role="operator")
    file.chmod(0o666)
    with pytest.raises(InputError, match="others may write to it"):
        read_tokens(file)


def test_the_file_holds_hashes_of_random_secrets(file):
    secrets = {new_token(file, name=f"n{k}", role="viewer") for k in range(5)}
    rows = json.loads(file.read_text())
    assert len({row["sha256"] for row in rows}) == len(secrets) == 5
    assert all(len(secret) >= 43 for secret in secrets)
