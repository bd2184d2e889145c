"""``fusebench weights``: which weights are missing, and those that a person downloaded.

``fusebench weights [--suite SUITE]`` prints a table of what is missing. ``fusebench weights METHOD
FILE...`` checks files that a person downloaded, puts them in place and pins their hashes.
``fusebench weights --from FOLDER`` does that with all files of a folder that it knows by their
hashes or names.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.errors import RegistryError, WeightsMissing
from fusebench.layout import WEIGHTS

if TYPE_CHECKING:
    from fusebench.contracts.weights import WeightEntry
    from fusebench.registry.loading import Registry
    from fusebench.registry.methods import Method
    from fusebench.sources.by_hand import Match

EXAMPLES = """examples:
  fusebench weights                         what is missing, and where it is offered
  fusebench weights almfnet ALMFNet.pt      checks and places a file
  fusebench weights --from ~/Downloads      looks for all that is missing in a folder
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``fusebench weights``."""
    parser.epilog = EXAMPLES
    parser.add_argument("method", nargs="?", help="a method; default: those of the suites")
    parser.add_argument("file", nargs="*", type=Path, help="files that you downloaded for it")
    parser.add_argument(
        "--suite",
        help="one suite, or several joined by commas; default: that of config/config.yaml",
    )
    parser.add_argument(
        "--from", dest="folder", type=Path, metavar="FOLDER", help="a folder of downloads"
    )
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Place what is given, and print what is missing.

    Raises:
        RegistryError: there is no such method or folder, or a file is none of its weights.
        WeightsMissing: a file is not the one that the entry names; the others were placed.
    """
    from fusebench.registry.loading import load_registry

    chosen = {"suite": options.suite} if options.suite else {}
    registry = load_registry(options.project, chosen)
    methods = list(_methods(registry, options.method, bool(options.folder and not options.suite)))
    matches: list[Match] = []
    if options.folder:
        matches = _found_in(options.folder, registry, methods)
    if options.file:
        matches += _given(registry, methods[0], options.file)
    _place(registry, matches)
    _print_missing(registry, methods)
    return 0


def _methods(registry: Registry, name: str | None, every: bool) -> Iterator[Method]:
    """Yield the methods that are asked for, without those of local folders of fusebench."""
    from fusebench.registry.training import pretrained_method

    base, _, part = (name or "").partition("@")
    if part:
        yield pretrained_method(registry.methods[base])
    elif name is not None:
        yield registry.methods[name]
    elif every:
        yield from registry.methods.values()
    else:
        named = (method for suite in registry.selected for method in suite.methods)
        methods = registry.methods
        found = (
            pretrained_method(methods[one.training.base]) if one.training else one for one in named
        )
        yield from {method.name: method for method in found}.values()


def _given(registry: Registry, method: Method, files: list[Path]) -> list[Match]:
    """Return which weights of a method some files are.

    Raises:
        RegistryError: a file is absent, or may be any of several files of weights.
    """
    from fusebench.sources.by_hand import match_files, match_one

    if absent := [str(file) for file in files if not file.is_file()]:
        raise RegistryError(f"must be files that you downloaded; found no {', '.join(absent)}")
    outside = [item for item in method.weights if item.is_external]
    if not outside:
        raise RegistryError(
            f"{method.name}: its entry names no weights from outside its repository;"
            f" {method.why_not or 'nothing has to be downloaded'}"
        )
    matches, _ = match_files({method.name: outside}, files)
    known = {match.file for match in matches}
    rest = [file for file in files if file not in known]
    open_items = _missing_items(registry, method)
    if len(rest) == 1 and not matches and len({item.offered_as for item in open_items}) == 1:
        return [match_one(method.name, item, rest[0]) for item in open_items]
    if rest:
        names = ", ".join(dict.fromkeys(item.offered_as for item in outside))
        raise RegistryError(
            f"{', '.join(map(str, rest))}: must be weights of {method.name}: {names}; give the file"
            " the name of the one that it is"
        )
    return matches


def _found_in(folder: Path, registry: Registry, methods: Iterable[Method]) -> list[Match]:
    """Return which weights that are missing lie in a folder; print what is doubtful.

    Raises:
        RegistryError: there is no such folder.
    """
    from fusebench.sources.by_hand import match_files

    if not folder.is_dir():
        raise RegistryError(f"--from must name a folder; found no {folder}")
    wanted = {method.name: _missing_items(registry, method) for method in methods}
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    matches, doubtful = match_files({name: items for name, items in wanted.items() if items}, files)
    for line in doubtful:
        print(line)
    count = len({match.file for match in matches})
    print(f"{folder}: {count} of {len(files)} files are weights that were missing")
    return matches


def _place(registry: Registry, matches: list[Match]) -> None:
    """Check files, put them in place and pin them; those that are right are kept in any case."""
    from fusebench.command.pinning import pin_weights
    from fusebench.sources.weights import WeightsFolder

    problems = []
    for match in matches:
        store = WeightsFolder(_folder(registry, match.method))
        try:
            sha256 = store.take(match.item, match.file, archive=match.archive)
        except WeightsMissing as error:
            problems.append(f"{match.file} as {match.item.path} of {match.method}: {error}")
            continue
        pinned = pin_weights(registry.root, match.method, store.sha256, store.facts)
        how = "pinned in methods.yaml, origin: by hand" if pinned else "the sha256 of its entry"
        print(f"{match.method}: {match.item.path} is {match.file}, sha256 {sha256} ({how})")
    if problems:
        raise WeightsMissing("\n".join(problems))


def _print_missing(registry: Registry, methods: list[Method]) -> None:
    from fusebench.command.list import as_table

    found = [row for method in methods for row in _rows(registry, method)]
    heads = [head for head in found[0] if any(row[head] for row in found)] if found else []
    rows = [{head: row[head] for head in heads} for row in found]
    print(as_table(rows) if rows else f"no weights are missing of {_scope(registry, methods)}")
    if any(row["get it"] == "fusebench fetch" for row in rows):
        print("`fusebench fetch` downloads what has an address; the run does that too")
    if any(row["get it"] == "by hand" for row in rows):
        print("by hand: download, then run `fusebench weights METHOD FILE...`, or --from FOLDER")


def _scope(registry: Registry, methods: list[Method]) -> str:
    """Return of what no weights are missing: a method, or the methods of suites."""
    if len(methods) == 1:
        return methods[0].name
    if len(methods) == len(registry.methods):
        return "any method"
    return f"the {len(methods)} methods of {', '.join(suite.name for suite in registry.selected)}"


def _rows(registry: Registry, method: Method) -> Iterator[dict[str, str]]:
    """Yield a row for each missing file; one for a method whose entry does not know its files."""
    from fusebench.registry.methods import links_of
    from fusebench.sources.missing import all_places, size_of

    for item, why in _missing(registry, method):
        yield {
            "method": method.name,
            "goes to": str(_folder(registry, method.name) / item.path),
            "size": size_of(item),
            "get it": "fusebench fetch" if item.has_address else "by hand",
            "from": all_places(item),
            "as": item.offered_as,
            "remark": "; ".join(filter(None, [item.note or "", why])),
        }
    if method.status == "weights-external":
        yield {
            "method": method.name,
            "goes to": "",
            "size": "",
            "get it": "not yet",
            "from": " ".join(links_of(method)),
            "as": "",
            "remark": f"its entry cannot be run: {method.entry.reason}",
        }


def _missing(registry: Registry, method: Method) -> list[tuple[WeightEntry, str]]:
    """Return the files of a method that are not there or wrong, and what is wrong with them."""
    from fusebench.sources.weights import WeightsFolder

    if not method.is_active:
        return []
    store = WeightsFolder(_folder(registry, method.name))
    return [(one.item, one.why) for one in store.obtain_all(method.weights, fetch=False)]


def _missing_items(registry: Registry, method: Method) -> list[WeightEntry]:
    return [item for item, _ in _missing(registry, method)]


def _folder(registry: Registry, method: str) -> Path:
    return registry.root / WEIGHTS / method
