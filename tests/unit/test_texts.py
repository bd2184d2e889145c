"""Text from other programs as it may stand in a table."""

from __future__ import annotations

import pytest
from fusebench.errors import StepError
from fusebench.texts import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no colour", "no colour"),
        ("\x1b[1;31mKeyError\x1b[0m: 'a'", "KeyError: 'a'"),
        ("\x1b[38;5;196mred\x1b[K", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x.org\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1b]0;never ended\nnext line", "\nnext line"),
        ("\x1b(Bcharset \x1b7saved", "charset saved"),
        ("bell\x07 null\x00 back\x08 c1\x9b", "bell null back c1"),
        ("10%\r20%\r\ndone\ttab", "10%\n20%\ndone\ttab"),
        ("file\u202egnp.exe", "filegnp.exe"),
        (
            "\u7ea2\u5916 \u0915\u094d\u200d\u0937 \u00b5",
            "\u7ea2\u5916 \u0915\u094d\u200d\u0937 \u00b5",
        ),
        ("cut \x1b", "cut "),
        ("lone \udc80", "lone "),
    ],
)
def test_escapes_and_control_characters_are_taken_out(text: str, expected: str) -> None:
    """Letters of every script stay, with the joiners that they need."""
    assert plain(text) == expected
    assert str(StepError(text)) == expected


def test_a_state_that_is_taken_over_has_a_plain_reason() -> None:
    """The same holds for a reason out of a marker."""
    assert str(StepError.taken_over("env-failed", "\x1b[31mno\x1b[0m")) == "no"
