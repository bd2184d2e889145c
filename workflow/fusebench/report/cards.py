"""A card for a method: what ran, how it compares, the evidence, and the commands to repeat it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from fusebench.compare.markdown import escaped
from fusebench.compare.wording import seconds
from fusebench.files import write_text
from fusebench.report.badges import RULES, badge, badges_of
from fusebench.report.contents import Facts
from fusebench.report.page import TEMPLATES
from fusebench.texts import plain_line


def write_card(folder: Path, data: Facts, name: str) -> list[str]:
    """Write ``card.md``, ``card.html`` and a badge for each rule that holds; return the badges.

    Args:
        folder: of the card; badges of an earlier card are removed.
        data: of the page, see ``page.page_contents``.
        name: the method.
    """
    card = card_of(data, name)
    for file in folder.glob("*.svg"):
        file.unlink()
    write_text(folder / "card.md", _rendered("card.md", card))
    write_text(folder / "card.html", _rendered("card.html", card))
    for text, svg in card["badges"].items():
        write_text(folder / f"{text.replace(' ', '-')}.svg", svg)
    return list(card["badges"])


def card_of(data: Facts, name: str) -> Facts:
    """Return what a card says."""
    method = next(method for method in data["methods"] if method["name"] == name)
    datasets = [dataset for dataset in data["datasets"] if name in dataset["runs"]]
    runs = [dataset["runs"][name] for dataset in datasets]
    return {
        "method": method,
        "published": " ".join(str(method[field]) for field in ("venue", "year") if method[field]),
        "badges": {text: badge(text) for text in badges_of(method, runs)},
        "rules": RULES,
        "facts": list(_facts(method, runs)),
        "datasets": [_comparison(dataset, name) for dataset in datasets],
        "commands": _commands(data, method, [dataset["name"] for dataset in datasets]),
    }


def _facts(method: Facts, runs: Sequence[Facts]) -> Iterator[tuple[str, str]]:
    environments = dict.fromkeys(run.get("environment", "") for run in runs)
    devices = dict.fromkeys(run.get("device", "") for run in runs)
    told = {
        "code": method["code"],
        "commit": method["commit"],
        "licence": method["licence"],
        "environment": ", ".join(filter(None, environments)) or method["env"],
        "device": ", ".join(filter(None, devices)),
        "parameters": str(next((run["parameters"] for run in runs if "parameters" in run), "")),
        "evidence": method["evidence"],
        "notes": method["notes"],
        "fusebench": version("fusebench"),
    }
    yield from ((key, value) for key, value in told.items() if value)


def _comparison(dataset: Facts, name: str) -> Facts:
    """Return how a method stands on a dataset."""
    run, ranks = dataset["runs"][name], dataset["ranking"]["ranks"]
    place = ""
    if name in ranks:
        position = 1 + sum(rank < ranks[name] for rank in ranks.values())
        place = f"Rank {position} of {len(ranks)} by mean rank over the pairs"
    spent = run.get("seconds_per_image")
    return {
        "title": f"{dataset['title']}, {len(dataset['pairs'])} pairs",
        "state": ": ".join(filter(None, [run["state"], run.get("reason", "")])),
        "place": place,
        "cost": f"{seconds(spent)} s per image on {run['device']}" if spent else "",
        "means": list(_means(dataset, name)),
    }


def _means(dataset: Facts, name: str) -> Iterator[Mapping[str, str]]:
    for metric in dataset["metrics"]:
        found = dataset["means"][metric["id"]]
        if name in found and found[name][0] is not None:
            own, others = found[name][0], [row[0] for row in found.values() if row[0] is not None]
            better = sum(o < own if metric["direction"] == "lower" else o > own for o in others)
            ranked = metric["direction"] != "none"
            yield {
                "metric": metric["id"],
                "mean": f"{own:.4g}",
                "rank": f"{better + 1} of {len(others)}" if ranked else "–",
            }


def _commands(data: Facts, method: Facts, datasets: Sequence[str]) -> str:
    """Return the commands that run the method again, in a checkout of fusebench."""
    suite = ",".join(data["suites"])
    cells = [f"results/runs/{method['name']}/{dataset}/record.json" for dataset in datasets]
    return "\n".join(
        [
            "make setup && source .venv/bin/activate",
            f"snakemake --cores 2 --config suite={suite} \\",
            *(f"    {cell} \\" for cell in cells[:-1]),
            *(f"    {cell}" for cell in cells[-1:]),
        ]
    )


def _rendered(template: str, card: Facts) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=template.endswith(".html"),
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["one_line"] = lambda text: escaped(plain_line(str(text)))
    templates.filters["cell"] = lambda text: escaped(plain_line(str(text)))
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return templates.get_template(template).render(**card, style=style)
