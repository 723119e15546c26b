"""The trees that are compared, each made in the same run from the same installation."""

import fnmatch
from pathlib import Path

from tasks.core import recipes, trees
from tasks.core.errors import BuildError
from tasks.core.sandbox import Job, Sandbox
from tasks.core.selection import select
from tasks.core.settings import Settings
from tasks.steps import optimize, prune

# The seed's script: `find … -name X -exec rm -rf`, over folders and over files.
SEED = (
    ("tests", "test", "__pycache__", "docs", "*.dist-info", "*.egg-info"),
    ("*.pyc", "*.pyo", "*.md"),
)


def pip(source: Path, target: Path, sandbox: Sandbox) -> None:
    """As `pip install --target` leaves it: nothing removed, bytecode with file times."""
    compile_ = ("{python}", "-m", "compileall", "-q", "-j", "2", "{opt}/python")
    outcome = sandbox.run(
        Job(
            argv=("sh", "-c", '"$@" || true', "sh", *compile_),  # templates do not compile
            opt=source,
            opt_writable=True,
            fetch={"{opt}/python": target / "python"},
        )
    )
    if outcome.code:
        raise BuildError(f"compiling failed:\n{outcome.output[-500:]}", fix="see the lines above")


def seed(source: Path, target: Path) -> None:
    """Pruned by the seed's rules, by name alone."""
    folders, files = SEED
    for path in trees.walk(source):
        parts = path.relative_to(source).parts
        gone = any(fnmatch.fnmatch(part, glob) for part in parts[:-1] for glob in folders)
        if not gone and not any(fnmatch.fnmatch(parts[-1], glob) for glob in files):
            trees.link_or_copy(path, target.joinpath(*parts))


def ours(source: Path, target: Path, sandbox: Sandbox, settings: Settings) -> None:
    """Pruned and optimized by this project's steps, as `settings` say."""
    pruned, changed = target.with_name("pruned"), target.with_name("changed")
    python = source / "python"
    found = select(python, prune.listing(python), recipes.active(settings), settings.keep)
    prune.copy(python, pruned / "python", found.stay, whole=settings.keep)
    flags = ["--strip"] + ["--compile"] * (settings.bytecode == "compile")
    optimize.optimize(sandbox, pruned, changed, flags)
    optimize.merge(pruned, changed, target)
