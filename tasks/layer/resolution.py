"""Requirements become exact versions, and nothing is built by whoever resolves them: what turns out
to have no wheel is built elsewhere (source_builder.py), and its metadata told to uv."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ..requirements import file, uv
from ..requirements.file import canonical
from ..sandbox.protocol import Job, Sandbox
from ..settings.model import Settings
from .locked_requirement import from_source
from .wheels import near_wheels
from .wheels.source_builder import SourceBuilder

Words = Callable[[Iterable[str]], tuple[str, ...]]  # uv's, for names that have no wheel


def resolve(
    sandbox: Sandbox, sources: SourceBuilder, job: Job, words: Words, asked: Sequence[file.Line],
    settings: Settings,
) -> None:  # fmt: skip
    """Run the job with these words until it knows all that it has to. BuildError in uv's."""
    allowed = from_source(line.text for line in asked if line.is_option)
    for name in allowed if sources.can_build else ():
        if version := exact_version(asked, name):
            sources.build(name, version)
    while True:
        known = described(sources)
        more = {"metadata.toml": uv.metadata_config(known)} if known else {}
        argv = ("{uv}", *words(name for name, *_ in known))
        inputs = {**near_wheels.inputs(sources, job.inputs), **more}
        outcome = sandbox.run(replace(job, argv=argv, inputs=inputs))
        if outcome.code == 0:
            return
        lacking = canonical(uv.lacks_wheel(outcome.output))
        if near_wheels.take(sources, sandbox, (lacking, exact_version(asked, lacking))):
            continue
        name = canonical(uv.wants_wheel(outcome.output))
        version = exact_version(asked, name)
        if not version or name in sources.built or not sources.can_build:
            from .wheels import uv_errors

            raise uv_errors.explain(outcome.output, settings, sandbox.kind, allowed)
        sources.build(name, version)


def described(sources: SourceBuilder) -> list[tuple[str, str, list[str]]]:
    """(name, version, Requires-Dist) of what was built."""
    built = [each for each in sources.built.values() if not each.is_taken]
    return [(each.name, each.version, each.requires) for each in built]


def exact_version(asked: Iterable[file.Line], name: str) -> str:
    """That a line pins with `==`. '' where none does."""
    for line in asked:
        if not line.is_option and line.name == name and line.requirement:
            pinned = [each for each in line.requirement.specifier if each.operator == "=="]
            if pinned and not pinned[0].version.endswith(".*"):
                return pinned[0].version
    return ""


def without_sources(asked: Iterable[file.Line]) -> list[file.Line]:
    """The lines without those that tell the installer to build something: it does not."""
    return [line for line in asked if not (line.is_option and from_source([line.text]))]
