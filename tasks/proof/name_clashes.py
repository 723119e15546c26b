"""Modules of the layer that share a name with others on a function's sys.path: which one counts.

Lambda's order (bootstrap.py of its runtime): the function, the layers, what the image brings. And
before all of them what the runtime client has imported already.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..chalice_project.app_file_names import MODULES
from ..layer.installed import Installed
from ..util import modules
from .cache import Proof

# /var/runtime: bootstrap.py, the client with what it needs; lambda_function is what Lambda calls a
# function's module where nobody says otherwise
RUNTIME = (
    "awslambdaric", "bootstrap", "lambda_function", "runtime_client", "simplejson",
    "snapshot_restore_py",
)  # fmt: skip
LISTED = 5  # names, in one sentence
DECLARES = ("extend_path", "declare_namespace")  # docker/inspect_installed.py keeps such texts


def broken(proofs: Mapping[str, Proof]) -> dict[str, list[str]]:
    """{standard module that the layer hides: modules that fail for it}"""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for proof in proofs.values():
        for module, standard in proof.after["hidden"].items():
            found[standard].append(module)
    return dict(found)


def hiding(proofs: Mapping[str, Proof]) -> dict[str, str]:
    """{standard module: whose module hides it}"""
    return {name: owner for owner, proof in proofs.items() for name in proof.after["hides"]}


def warnings(tree: Installed, stay: Sequence[str], proofs: Mapping[str, Proof]) -> list[str]:
    """A sentence for each name."""
    return [
        *(_standard(owner, name, how) for owner, proof in proofs.items()
          for name, how in proof.after["hides"].items()),
        *_of_others(tree, stay),
        *_closed(tree, stay),
    ]  # fmt: skip


def _standard(owner: str, name: str, how: Mapping[str, Sequence[str]]) -> str:
    said = f"module {name} of {owner} has the name of a standard one"
    if not how["used"]:
        return f"{said}, which Lambda's runtime has imported before: this one is never used"
    lacks, more = how["lacks"][:LISTED], len(how["lacks"]) - LISTED
    also = f" and {more} more" if more > 0 else ""
    return f"{said} and hides it" + (f"; it has no {', '.join(lacks)}{also}" if lacks else "")


def _of_others(tree: Installed, stay: Sequence[str]) -> Iterator[str]:
    for owner, names in modules.by_distribution(stay, tree.owners).items():
        for name in sorted({each.partition(".")[0] for each in names}):
            if name in MODULES and (Path(f"{name}.py").is_file() or Path(name).is_dir()):
                yield f"module {name} of {owner} has the name of the app's own, which hides it"
            elif name in RUNTIME:
                yield (
                    f"module {name} of {owner} has the name of one of Lambda's runtime: which one "
                    "is imported depends on the runtime"
                )


def _closed(tree: Installed, stay: Iterable[str]) -> Iterator[str]:
    """Namespaces that one wheel makes a package."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    closers: dict[str, str] = {}
    texts = {path: each for found in tree.distributions for path, each in found.inits.items()}
    for path in stay:
        top, slash, rest = path.partition("/")
        if not slash or not path.endswith((".py", ".so")) or top.endswith(".libs"):
            continue
        holders[top].add(tree.owners.get(path, ""))
        if rest == "__init__.py" and not any(each in texts.get(path, "") for each in DECLARES):
            closers[top] = tree.owners.get(path, "")
    for top, owner in closers.items():
        if others := sorted(holders[top] - {owner}):
            yield (
                f"{top} is a namespace of {', '.join(others)}, and {owner} closes it with "
                f"{top}/__init__.py: what the function has of {top} is not found beside it"
            )
