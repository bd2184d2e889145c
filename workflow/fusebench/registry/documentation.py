"""Writes ``docs/methods.md`` from ``methods.yaml``.

Run ``python -m fusebench.registry.documentation > docs/methods.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from fusebench.contracts.methods import Paper, RunPart
from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.methods import Method, is_local, links_of

HEAD = """# Methods

<!-- Written by `python -m fusebench.registry.documentation`; edit methods.yaml instead. -->

Every repository that the two paper lists link to, and the classical methods and controls that
fusebench brings. `fusebench list methods --json` prints the same for a program.

**State.** `active`: can be run by whoever can reach its repository. `weights-external`: its weights
lie elsewhere. `no-weights` and `training-only`: its weights are nowhere. `no-code`: the repository
holds no code. `not-fusion`: the lists cite it, but it gives no fused image. `unavailable`: the
repository could not be fetched. `unsupported`: it needs what fusebench does not offer, such as
encrypted MATLAB code, or a mask or a sentence beside each pair, or it runs only in
MATLAB as its authors ran it.

**Verified** names the datasets that a real run fused as a whole, with their images on disk when
`fusebench verified` wrote it; on the CPU where it names no GPU. A method without it has never
produced an image here. Where it says "asks for its weights", its script was started without them
(`--config try=true`) and got that far: inputs, arguments and imports are right.

**Needed** says what was needed to run the published script: replaced texts (`edit`), named shims
(`compat`), and where weights are downloaded that the repository lacks.
"""

TITLES = {
    "active": "Can be run",
    "weights-external": "Weights elsewhere",
    "no-weights": "Without weights",
    "training-only": "To be trained",
    "no-code": "Without code",
    "not-fusion": "No image fusion",
    "unavailable": "Not available",
    "unsupported": "Not supported",
}


def page(registry: Registry) -> str:
    """Return the page as Markdown."""
    methods = list(registry.methods.values())
    parts = [HEAD, _count_table(methods)]
    for status, title in TITLES.items():
        chosen = [method for method in methods if method.status == status]
        if chosen:
            rows = _active_rows(chosen) if status == "active" else _reason_rows(chosen)
            parts.append(f"## {title}\n\n{_table(rows)}")
    return "\n".join(parts)


def _count_table(methods: list[Method]) -> str:
    states = Counter(method.status for method in methods)
    rows = [["state", "entries", "of them verified"]]
    for status in TITLES:
        verified = sum(bool(method.verified) for method in methods if method.status == status)
        rows.append([f"`{status}`", str(states[status]), str(verified)])
    return _table(rows)


def _active_rows(methods: list[Method]) -> Iterator[list[str]]:
    yield ["method", "paper", "tasks", "licence", "environment", "verified", "needed"]
    for method in methods:
        yield [
            _name(method),
            _paper(method),
            ", ".join(method.tasks),
            method.entry.licence or "",
            method.env,
            verified_on(method),
            " ".join(filter(None, [_needed(method), *_links(method)])),
        ]


def _reason_rows(methods: list[Method]) -> Iterator[list[str]]:
    yield ["method", "paper", "tasks", "licence", "reason"]
    for method in methods:
        tasks = ", ".join(method.tasks)
        yield [
            _name(method),
            _paper(method),
            tasks,
            method.entry.licence or "",
            " ".join([method.entry.reason or "", *_links(method)]),
        ]


def _links(method: Method) -> Iterator[str]:
    """Yield the addresses of an entry as Markdown: a word for each, the host of the address."""
    for address in links_of(method):
        yield f"[{urlsplit(address).hostname or address}]({address})"


def _name(method: Method) -> str:
    if is_local(method.code):
        return f"`{method.name}`"
    return f"[{method.label}]({method.code})<br>`{method.name}`"


def _paper(method: Method) -> str:
    """Return title, venue and year, linked to the paper where an address is known."""
    paper = method.paper
    title = method.entry.title.replace("|", "\\|")
    where = " ".join(str(part) for part in (paper.venue, paper.year) if part)
    address = paper_address(paper)
    linked = f"[{title}]({address})" if address else title
    return f"{linked}<br>{where}" if where else linked


def paper_address(paper: Paper) -> str:
    """Return the address of a paper; ``""`` where none is known.

    It comes from the DOI, else from the address in the entry, else from the arXiv number.
    """
    if paper.doi:
        return f"https://doi.org/{paper.doi}"
    return paper.url or (f"https://arxiv.org/abs/{paper.arxiv}" if paper.arxiv else "")


def verified_on(method: Method) -> str:
    """Return the date and the datasets of what a method really produced, and the GPU, if any.

    Where it produced nothing, return how far it got without its weights, or ``none``.
    """
    known, tried = method.verified, method.entry.tried
    if known:
        device = "" if known.device == "cpu" else f" on {known.device}"
        return f"{known.date} {', '.join([known.dataset, *(known.others or {})])}{device}"
    return f"none; asks for its weights, {tried.date}" if tried else "none"


def _needed(method: Method) -> str:
    run = method.run
    parts: list[RunPart] = [run, *(run.per_task or {}).values(), *(run.per_dataset or {}).values()]
    shims = dict.fromkeys(name.partition(":")[0] for part in parts for name in part.compat or [])
    edit = ["edit"] if any(part.edit for part in parts) else []
    adapter = ["adapter"] if any(part.adapter for part in parts) else []
    return ", ".join([*adapter, *edit, *shims])


def _table(rows: Iterable[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    print(page(load_registry(Path())), end="")
