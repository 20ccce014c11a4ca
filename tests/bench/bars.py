"""The bars that the figures must hold, and the table that says whether they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure and the most it may be; `most` is None for what is only told."""

    name: str
    figure: float | str
    most: float | str | None
    holds: bool = True


def bars_of(figures: dict[str, Any], unsaid: list[str]) -> list[Bar]:
    """Every figure in the order of the contract. `unsaid`: what `docs/access-patterns.md` does not say of it."""
    intake, pipeline, page = figures["intake"], figures["pipeline"], figures["queue_page"]
    return [
        Bar("floor: CPU, ms", figures["floor"]["cpu_ms"], None),
        Bar("floor: process start to first answer, ms", figures["floor"]["init_ms"], None),
        Bar("intake: CPU, ms", intake["cpu_ms"], None),
        _at_most("intake: CPU over a replay of its requests", intake["cpu_ratio"], 1.5),
        Bar("intake: CPU over the floor", intake["bare_ratio"], None),
        _at_most("intake: requests to AWS", intake["store_requests"], 4),
        Bar("intake: p95, ms", intake["p95_ms"], None),
        _at_most("one act of the engine, without I/O: CPU, µs", figures["engine_step"]["cpu_us"], 100),
        _at_most("action: CPU over a replay of its requests", figures["action"]["cpu_ratio"], 1.5),
        Bar("action: requests to AWS", figures["action"]["requests"], None),
        *(
            _at_most(
                f"{name}: start to first answer over a bare one ({each['init_ms']:.0f} ms)", each["init_ratio"], 1.6
            )
            for name, each in figures["functions"].items()
        ),
        Bar("package, KB", max(each["zip_kb"] for each in figures["functions"].values()), None),
        Bar("pipeline: CPU, ms", pipeline["cpu_ms"], None),
        _at_most("pipeline: CPU over the floor", pipeline["floor_ratio"], 10),
        _at_most("pipeline: requests to AWS", pipeline["requests"], 12),
        _exactly("page of a queue: items", page["items"], 50),
        _at_most("page of a queue: CPU, ms", page["cpu_ms"], 15),
        _at_most("page of a queue: requests to AWS", page["requests"], 2),
        Bar("one report: write units", figures["capacity"]["intake_wcu"], None),
        Bar("a case's whole life: write units", figures["capacity"]["lifecycle_wcu"], None),
        Bar("a case's whole life: read units", figures["capacity"]["lifecycle_rcu"], None),
        Bar("one decision whether somebody may: CPU, µs", figures["permission_check"]["cpu_us"], None),
        Bar("one token checked by known keys: CPU, µs", figures["token_check"]["cpu_us"], None),
        *_ground(figures["cell_lookup"], figures["network"]),
        *_same_matter(figures["same_matter"]),
        *_replay(figures["replay"]),
        *_scale(figures["scale"]),
        Bar("docs/access-patterns.md says so", "; ".join(unsaid) or "yes", "yes", not unsaid),
    ]


def _at_most(name: str, figure: float, most: float) -> Bar:
    return Bar(name, figure, most, figure <= most)


def _at_least(name: str, figure: float, least: float) -> Bar:
    return Bar(name, figure, least, figure >= least)


def _exactly(name: str, figure: float, wanted: float) -> Bar:
    return Bar(name, figure, wanted, figure == wanted)


def _ground(lookup: dict[str, Any], network: dict[str, float]) -> Iterator[Bar]:
    few, many = lookup["cells"]
    for what in ("reads", "scanned", "bytes"):
        yield _exactly(f"cell look-up: {what} among {many:,} cells, as among {few}", lookup[what][1], lookup[what][0])
    yield Bar(f"cell look-up among {few} cells: CPU, µs", lookup["cpu_us"][0], None)
    yield _at_most(f"cell look-up: CPU among {many:,} cells over that", lookup["cpu_ratio"], 1.2)
    yield _at_most(f"network of {network['cells']:,} cells checked: seconds", network["validate_seconds"], 180)
    yield _at_most("its peak memory, MiB", network["peak_mib"], 4096)


def _same_matter(figures: dict[str, Any]) -> Iterator[Bar]:
    yield _at_least("one matter: right of what joins by itself", figures["precision"], 0.98)
    yield _at_least("one matter: found, joined or offered", figures["recall"], 0.9)
    yield Bar("one matter: right of what joins or is offered", figures["offered_precision"], None)
    yield Bar("one report held against twenty others: CPU, ms", figures["cpu_ms"], None)
    yield _at_most("candidates are looked for: requests to AWS", figures["requests"], 2)
    for what in ("scanned", "bytes"):
        few, many = figures[what]
        yield _exactly(f"candidates are looked for: {what} among 100,000 cases, as among 1,000", many, few)


def _replay(replay: dict[str, float]) -> Iterator[Bar]:
    yield _at_most(f"{replay['cases']:,} cases verified by replay: seconds", replay["seconds"], 120)
    yield _at_most("its peak memory, MiB", replay["peak_mib"], 128)


def _scale(scale: dict[str, Any]) -> Iterator[Bar]:
    """One line for all patterns that are as they should be, one for each that is not."""
    few, many = scale["cases"]
    patterns = {name: each for name, each in scale.items() if name != "cases"}
    uneven = {
        name: each for name, each in patterns.items() if any(at_few != at_many for at_few, at_many in each.values())
    }
    even = len(patterns) - len(uneven)
    yield Bar(f"patterns that cost the same at {few:,} and {many:,} cases", even, len(patterns), not uneven)
    for name, each in uneven.items():
        yield Bar(f"  {name}", "; ".join(f"{what} {a} and {b}" for what, (a, b) in each.items() if a != b), None, False)


def show(bars: list[Bar]) -> None:
    """Print every figure, with its bar and whether it holds."""
    table = Table("figure", "measured", "bar", "", box=None)
    for bar in bars:
        verdict = "" if bar.most is None and bar.holds else "[green]holds" if bar.holds else "[bold red]BROKEN"
        table.add_row(bar.name, _said(bar.figure), "" if bar.most is None else _said(bar.most), verdict)
    Console().print(table)


def _said(figure: float | str) -> str:
    return f"{figure:.2f}" if isinstance(figure, float) else str(figure)
