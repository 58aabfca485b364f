"""How commands end."""

from __future__ import annotations

import signal

import pytest
import typer
from pymongo.errors import OperationFailure

from odmantic.cli.terminal import ended_in_order


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("No space left"), "No space left"),
        (OperationFailure("no such user", 18, {"ok": 0, "codeName": "Auth"}), "no such user"),
    ],
)
def test_what_the_user_can_mend_is_told_in_a_line(error, told, capsys):
    with pytest.raises(typer.Exit) as ended, ended_in_order():
        raise error
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == f"Error: {told}\n"


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(KeyError), ended_in_order():
        raise KeyError("ours")


def test_sigterm_ends_like_ctrl_c_and_its_handler_is_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as ended, ended_in_order(interrupted=7):
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.exit_code == 7
    assert signal.getsignal(signal.SIGTERM) is before
