"""An untrained network is told: refused files, and loads that change no parameter."""

from __future__ import annotations

import pytest
from fusebench.contracts.harness import UNTRAINED

from tests.harness.conftest import HARNESS, Stage

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        self.weight, self.bias = nn.Parameter([0.0] * 3), nn.Parameter([0.0])

net = Net()
WHOLE = {"weight": [1.0] * 3, "bias": [1.0]}
"""


def test_notes_are_those_that_tables_look_for() -> None:
    """The launcher cannot import the words that make its note a footnote."""
    text = (HARNESS / "loading.py").read_text(encoding="utf-8")
    assert all(part in text for part in UNTRAINED)


def notes(stage: Stage, text: str) -> list[str]:
    """Run a script and return the notes of the report."""
    stage.write("script.py", NET + text)
    run = stage.launch()
    return list(run.report["notes"])


CAUGHT = "try:\n    %s\nexcept Exception:\n    pass\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("net.load_state_dict(WHOLE)", []),
        (
            "net.load_state_dict({'module.weight': [1.0] * 3}, strict=False)",
            ["loading changed no parameter of Net: it may be untrained"],
        ),
        (
            "net.load_state_dict({'weight': [1.0] * 3}, strict=False)",
            ["loading left 1 of 2 parameters of Net as they were"],
        ),
        (
            "net.load_state_dict({'weight': [1.0] * 3}, False)\n"
            "net.load_state_dict({'bias': [1.0]}, strict=False)",
            [],
        ),
        (
            CAUGHT % "net.load_state_dict({})",
            [
                "load_state_dict of Net failed and the script went on: RuntimeError: Error(s) in"
                " loading state_dict for Net:"
            ],
        ),
        (CAUGHT % "net.load_state_dict({})" + "net.load_state_dict(WHOLE)", []),
    ],
)
def test_parameters_that_were_not_loaded_are_told(
    torch_stage: Stage, text: str, told: list[str]
) -> None:
    """All of them, some of them, or none because an error was caught; a later load makes up."""
    assert notes(torch_stage, text) == told


@pytest.mark.parametrize("compat", [[], ["torch-load-pickle"]])
def test_a_refused_file_is_told(torch_stage: Stage, compat: list[str]) -> None:
    """A bare ``except`` hides the error from the log; the report has its first line."""
    torch_stage.write(
        "script.py",
        NET + "try:\n    torch.load('models/w.pth')\nexcept:\n    print('no weights')\n",
    )
    run = torch_stage.launch(compat=compat)
    assert run.returncode == 0, run.stderr
    (note,) = run.report["notes"]
    assert note.startswith("torch.load(w.pth) failed and the script went on: FileNotFoundError: ")


def test_a_file_that_is_read_at_last_is_not_told(torch_stage: Stage) -> None:
    """Some scripts try a file in one way, then in another."""
    later = "open('w.pth', 'w').write('cpu')\ntorch.load('w.pth', map_location='cpu')\n"
    assert notes(torch_stage, CAUGHT % "torch.load('w.pth')" + later) == []


def test_an_error_that_ends_the_script_is_told_once(torch_stage: Stage) -> None:
    """It is the report's exception, and no note."""
    assert notes(torch_stage, "torch.load('w.pth')") == []
