"""Tables on a terminal: one style, at most as wide as the terminal, folded and never cut."""

from typing import TYPE_CHECKING

from .console import text

if TYPE_CHECKING:
    from rich.table import Table


def table(title: str = "", *, header: bool = True) -> "Table":
    """Empty. `title` is taken literally."""
    from rich import box
    from rich.table import Table

    return Table(
        title=text(title) if title else None, title_justify="left", title_style="bold",
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_header=header,
    )  # fmt: skip
