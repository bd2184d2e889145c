"""The structure of the package.

Its parts are small, and few mappings are untyped. Functions get arguments instead of environment
variables.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "workflow" / "fusebench"
MODULES = sorted(PACKAGE.rglob("*.py"))
RULES = sorted((REPOSITORY / "workflow" / "rules").glob("*.smk"))

LONGEST_FUNCTION = 60
MOST_METHODS = 15
MOST_UNTYPED = 40
MOST_LAMBDAS = 3


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    """Yield all nodes of some kinds, with their modules."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                yield path, node


def test_functions_are_short() -> None:
    """No function is longer than sixty lines."""
    long = [
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_classes_are_small() -> None:
    """No class has more public methods than a reader can remember."""
    large = {
        node.name: count
        for _, node in nodes(ast.ClassDef)
        if isinstance(node, ast.ClassDef) and (count := len(public_methods(node))) > MOST_METHODS
    }
    assert large == {}


def public_methods(node: ast.ClassDef) -> list[str]:
    """Return the names of a class's methods and properties that others may use."""
    return [
        one.name
        for one in node.body
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")
    ]


def test_few_mappings_are_untyped() -> None:
    """Contracts describe structures; `dict[str, Any]` is only for content of any form."""
    lines = [
        line
        for path in MODULES
        for line in path.read_text(encoding="utf-8").splitlines()
        if "dict[str, Any]" in line
    ]
    assert len(lines) < MOST_UNTYPED


def test_one_module_knows_the_environment_variables_of_fusebench() -> None:
    """Only `variables.py` names and explains the variables of fusebench."""
    named = {
        path.relative_to(PACKAGE).as_posix()
        for path, node in nodes(ast.Constant)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"FUSEBENCH_\w+", node.value)
    }
    assert named == {"variables.py"}


def test_the_package_does_not_need_snakemake() -> None:
    """Steps, commands and notebooks import the package without Snakemake.

    Only one module loads a plugin of Snakemake, when it is asked to.
    """
    importing = {
        path.relative_to(PACKAGE).as_posix()
        for path, node in nodes(ast.Import, ast.ImportFrom)
        if any(name.startswith("snakemake") for name in imported(node))
    }
    assert importing == {"snakemake_facts.py"}


def imported(node: ast.AST) -> list[str]:
    """Return the modules that an import names."""
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def blocks(path: Path) -> list[str]:
    """Return the rules of a file."""
    return re.split(r"(?m)^(?=rule |use rule )", path.read_text(encoding="utf-8"))[1:]


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_can_be_read(path: Path) -> None:
    """No rule is made in a loop, and none has more than three lambdas.

    The parts of a rule have Snakemake's order.
    """
    assert not re.search(r"(?m)^(for|while|if) [^\n]*:\n\s+(use )?rule ", path.read_text("utf-8"))
    order = ["input", "output", "log", "wildcard_constraints", "retries", "threads"]
    order += ["resources", "params", "shell"]
    for block in blocks(path):
        name = block.split(":", 1)[0]
        own = block[: block.find("\n\n\n")] if "\n\n\n" in block else block
        assert own.count("lambda") <= MOST_LAMBDAS, name
        parts = [part for part in re.findall(r"(?m)^    (\w+):", own) if part in order]
        assert parts == sorted(parts, key=order.index), name


def test_every_step_is_called_by_one_rule() -> None:
    """Each step has one implementation, one command and one rule."""
    from fusebench.steps.__main__ import STEPS

    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    called = Counter(re.findall(r"fusebench\.steps ([a-z-]+)", text))
    assert set(called) == set(STEPS)
    twice = {step for step, count in called.items() if count > 1}
    assert twice == {"tables"}, "a single table by its name, and all of them together"
