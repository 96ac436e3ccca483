from __future__ import annotations

import pytest

from citybrain.cli import parse_address, parse_seeds
from citybrain.errors import InputError


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("1", (1,)),
        ("5", (1, 2, 3, 4, 5)),
        (" 3 ", (1, 2, 3)),
        ("1,2,3", (1, 2, 3)),
        ("9, 4 ,1", (9, 4, 1)),
        ("7,", (7,)),
        ("0,42", (0, 42)),
        ("2147483647,", (2147483647,)),
    ],
)
def test_a_number_is_how_many_and_a_list_is_which(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("abc", "'abc' is not an integer"),
        ("1,two,3", "'two' is not an integer"),
        ("1.5", "'1.5' is not an integer"),
        ("1;2", "'1;2' is not an integer"),
        ("--5", "'--5' is not an integer"),
        ("²", "'²' is not an integer"),
        ("1,--2", "'--2' is not an integer"),
        ("0", "must be 1 to 10000"),
        ("-3", "must be 1 to 10000"),
        ("99999999999", "must be 1 to 10000"),
        ("", "needs different integers"),
        (",", "needs different integers"),
        ("1,2,1", "needs different integers"),
        ("1,-2", "needs different integers"),
        ("1,2147483648", "0 to 2147483647"),
    ],
)
def test_other_seeds_are_refused_and_quoted(text, complaint):
    with pytest.raises(InputError) as caught:
        parse_seeds(text)
    assert complaint in str(caught.value)
    assert repr(text) in str(caught.value)


def test_an_address_is_a_host_and_a_port():
    assert parse_address(None) is None
    assert parse_address("localhost:8813") == ("localhost", 8813)
    assert parse_address("::1:9000") == ("::1", 9000)


@pytest.mark.parametrize("text", ["", "localhost", ":8813", "localhost:", "localhost:0", "localhost:70000", "a:b"])
def test_what_is_no_address_is_said_in_one_line(text):
    with pytest.raises(InputError, match=r"--remote .*needs HOST:PORT"):
        parse_address(text)
