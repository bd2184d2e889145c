"""A stand-in for Octave on PATH, or Octave itself where it is installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.octave.stand_in import write_octave

OCTAVE = shutil.which("octave-cli")
needs_octave = pytest.mark.skipif(OCTAVE is None, reason="GNU Octave is not installed here")


@pytest.fixture
def octave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in for ``octave-cli``, first on PATH."""
    program = write_octave(tmp_path / "programs" / "bin")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return program
