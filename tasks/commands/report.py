"""`doit report`: what is in the layer, what each rule took, the budget, as tables. Of the last
build; nothing is built, AWS is not asked."""

from ..core import last_build
from ..core.actions import action
from ..core.console import say, show_tables
from ..core.loading import current
from ..core.settings import Settings
from ..steps import report_page


def task_report() -> dict[str, object]:
    """Show what is in the layer, what each prune rule saved, the budget."""
    settings = current()
    return {"actions": [action(lambda: show(settings))]}


def show(settings: Settings) -> None:
    """Print the tables. BuildError when there is no build to tell about."""
    found = last_build.gather(settings)
    from ..core import report_text  # with rich, which no other run needs

    show_tables(report_text.render(found))
    if last_build.is_stale(settings):
        say("requirements or settings have changed since this was built: run ./doitw")
    page = report_page.page(settings)
    if page.is_file():
        say(f"with a map: {page}")
