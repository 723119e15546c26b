"""What is said of a package without a wheel for the layer: by a build, which ends at the first, and
by `doit lock`, which lists all."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...settings.model import Settings
from ...util.errors import BuildError

SAID = (
    r"no wheels? with a matching|no (compatible|usable) wheel|has no wheels|Only wheels"
    r"|building source distributions is disabled"
)  # by uv
WAY_OUT = "no wheel for {platform}: pin a version that has one, or {build}{say_so}"
NOT_BUILT = (
    "it has no wheel and does not compile in the image: pin a version with a wheel, or add what it "
    "needs to the image (docker/Dockerfile, or in your own app an `image` that has it); what it "
    "wants to download needs build-network = true"
)
BUILT_ELSEWHERE = "build it in the image (builder=docker)"
BUILT_WHERE_PINNED = (
    "give it a line of its own, NAME==VERSION, also where only another package asks for it: then "
    "it is built in the image"
)
SAY_SO = (
    "; with a lock say so, by a line `--no-binary NAME` in {requirements}: what builds it is in no "
    "lock"
)


@dataclass(frozen=True, kw_only=True)
class MissingWheel:
    """`nearest`: the version that has one, the next higher before the next lower. '' for none."""

    name: str
    version: str
    nearest: str

    def __str__(self) -> str:
        has = f"{self.name}=={self.nearest} has one" if self.nearest else "no version has one"
        return f"{self.name}=={self.version} has no wheel: {has}"


def refusal(found: Sequence[MissingWheel], settings: Settings) -> BuildError:
    """In one error, with the lines to write."""
    platform = f"Python {settings.python} on {settings.architecture}"
    pins = [f"{each.name}=={each.nearest}" for each in found if each.nearest]
    names = " ".join(f"--no-binary {each.name}" for each in found)
    ways = [f"pin {', '.join(pins)}"] if pins else []
    ways.append(f"build from source, in the image: lines `{names}` in {settings.requirements}")
    return BuildError(
        "\n".join([f"pins without a wheel for {platform}:", *map(str, found)]),
        fix=". Or ".join(ways),
    )
