"""`doit report`: what is in the layer, what each rule took, the budget, as tables. Of the last
build. Nothing is built, AWS is not asked. `licenses=1`: its licenses instead."""

from ..context import arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..report import last_build
from ..settings.model import Settings
from ..steps import report_page
from ..ui.console import say, show_tables


def task_report() -> dict[str, object]:
    """Show what is in the layer and what could go."""
    settings = current()
    return {"actions": [action(lambda: show(settings))]}


def show(settings: Settings) -> None:
    """Print the tables. BuildError when there is no build to tell about."""
    if arguments.current().licenses:
        show_licenses(settings)
    else:
        show_contents(settings)


def show_licenses(settings: Settings) -> None:
    """The same, of licenses alone."""
    from ..report import licenses

    show_tables(licenses.render(settings.layer, licenses.gather(settings)))


def show_contents(settings: Settings) -> None:
    """The same, of all but licenses."""
    found = last_build.gather(settings)
    from ..report import terminal  # with rich, which no other run needs

    show_tables(terminal.render(found))
    if last_build.is_stale(settings):
        say("requirements or settings have changed since this was built: run ./doitw")
    page = report_page.page(settings)
    if page.is_file():
        say(f"with a map: {page}")
