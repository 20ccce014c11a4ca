"""What the operator's commands share: which deployment is meant, and how they show that they are at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

C = TypeVar("C", bound=Callable[..., Any])

console = Console()
stage_option = click.option("--stage", required=True, help="Which deployment; see infra/deployments.toml.")
region_option = click.option("--region", required=True, help="AWS region, say cn-north-1.")
endpoint_option = click.option("--endpoint", help="URL of an embedded cloud; AWS without it.")


def where(command: C) -> C:
    """The three options that say which deployment is meant."""
    return stage_option(region_option(endpoint_option(command)))


def progress(to: Console = console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=to)


@contextmanager
def bar(what: str, total: int | None, to: Console = console) -> Iterator[Callable[[int], None]]:
    """A progress bar of one task; what it gives is told how many more are done."""
    with progress(to) as shown:
        task = shown.add_task(what, total=total)
        yield lambda count: shown.update(task, advance=count)


@contextmanager
def said_as(words: Mapping[type[Exception], str]) -> Iterator[None]:
    """Ends a command with a sentence instead of a traceback: that of the first kind of error in `words` that it is."""
    try:
        yield
    except tuple(words) as error:
        said = next(sentence for kind, sentence in words.items() if isinstance(error, kind))
        raise click.ClickException(f"{said}: {error}") from error
