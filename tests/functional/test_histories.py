"""What plan says is what deploy does, and a pin holds: random histories of two machines."""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import deployed_project
from tests.moto_server import Server
from tests.project import Project, Run

HISTORIES, LENGTH = 3, 6  # the same on every run
LONG = pytest.mark.long
LAYER = "shuking-deps-layer"
VERSIONS = ["1.15.0", "1.16.0", "1.17.0"]
PUBLISHES = re.compile(r"publish version (\d+) of ")
PUBLISHED = re.compile(r"are published as version (\d+)|^ *version (\d+) holds exactly", re.M)
STAYS = re.compile(rf"rolled back to version (\d+) of {LAYER} by .*it stays there", re.S)
LOOKS = ["preflight", "lookup", "smoke"]
WRITES = ["preflight", "lookup", "import-app", "deploy-lock", "patch-config", "smoke"]
UNLESS = "unless what is built turns out to be in a published version already"


@dataclass(kw_only=True)
class Story:
    """`pinned`: the version that the stage was rolled back to, and the requirements of those who
    did not change their mind since; None where nobody is held."""

    machines: list[Project]
    drawn: random.Random
    pinned: tuple[int, set[str]] | None = None
    told: list[str] = field(default_factory=list)

    def doit(self, project: Project, *words: str) -> Run:
        return project.doit(*words, "stage=local", "builder=host")

    def wish(self, project: Project) -> str:
        return project.read("requirements-all.txt")

    def numbers(self) -> list[int]:
        """Newest first."""
        found = self.machines[0].aws("lambda").list_layer_versions(LayerName=LAYER)
        return [each["Version"] for each in found["LayerVersions"]]

    def function(self) -> tuple[int, str]:
        """The version that it runs, and when it was changed."""
        found = (
            self.machines[0].aws("lambda").get_function_configuration(FunctionName="shuking-local")
        )
        [layer] = found["Layers"]
        return int(layer["Arn"].rpartition(":")[2]), found["LastModified"]

    # ---- what may happen ----

    def requires(self, project: Project) -> None:
        project.write("requirements-all.txt", f"six=={self.drawn.choice(VERSIONS)}\n")

    def rolls_back(self, project: Project) -> None:
        ran, _ = self.function()
        earlier = [number for number in self.numbers() if number < ran]
        if not earlier:
            return
        number, wishes = self.drawn.choice(earlier), self.pinned[1] if self.pinned else set()
        run = self.doit(project, "rollback", f"version={number}")
        assert run.code == 0, (self.told, run.output)
        self.pinned = (number, wishes | {self.wish(project)})

    def unpins(self, project: Project) -> None:
        assert self.doit(project, "unpin").code == 0
        self.pinned = None

    def has_another_builder(self, project: Project) -> None:
        project.write(
            "docker/strip_libraries.py", project.read("docker/strip_libraries.py") + "# better\n"
        )

    def has_another_tool(self, project: Project) -> None:
        name = "tasks/layer/input_hash.py"
        text = project.read(name)
        number = int(re.findall(r"^FORMAT = (\d+)", text, re.M)[0])
        project.write(name, re.sub(r"^FORMAT = \d+", f"FORMAT = {number + 1}", text, flags=re.M))

    def cleans_up(self, project: Project) -> None:
        assert self.doit(project, "gc", "keep=1", "yes=1").code == 0

    def deletes(self, project: Project) -> None:
        """A version that nothing runs, by hand."""
        ran, _ = self.function()
        others = [number for number in self.numbers() if number != ran]
        if others:
            number = self.drawn.choice(others)
            project.aws("lambda").delete_layer_version(LayerName=LAYER, VersionNumber=number)

    def changes_the_app(self, project: Project) -> None:
        project.write("app.py", project.read("app.py") + "\n# more\n")

    # ---- what must be so ----

    def deploys_as_planned(self, project: Project) -> None:
        plan = self.doit(project, "plan")
        before, numbers = self.function(), self.numbers()
        run = self.doit(project, "deploy")
        case = (self.told, plan.output, run.output)
        assert (run.code == 0) == (plan.code in (0, 2)), case
        if run.code:
            return
        after = self.function()
        if plan.code == 0:
            behind = "all of it runs; a deploy would write stage local's layers" in plan.output
            steps = WRITES if behind else LOOKS  # config.json alone
            assert (run.steps, after, self.numbers()) == (steps, before, numbers), case
        assert ("the deploy ends that pin" in plan.output) == ("the pin has ended" in run.output)
        assert after[0] in self.expected(plan.output, numbers), case
        if self.pinned and self.wish(project) in self.pinned[1]:
            assert after[0] == self.pinned[0], case
        elif "the pin has ended" in run.output:
            self.pinned = None

    def expected(self, said: str, numbers: list[int]) -> list[int]:
        """The versions that the function may run by this plan."""
        if found := STAYS.search(said):
            return [int(found[1])]
        if found := PUBLISHES.search(said):
            return [int(found[1]), *(numbers if UNLESS in said else [])]
        found = PUBLISHED.search(said)
        assert found, said
        return [int(found[1] or found[2])]


@pytest.fixture
def machines(tmp_path: Path, open_aws: Server) -> list[Project]:
    """Two, of which the first has deployed two versions."""
    made = [deployed_project.checkout(tmp_path / name, open_aws) for name in ("a", "b")]
    for version in ("1.15.0", "1.16.0"):
        made[0].write("requirements-all.txt", f"six=={version}\n")
        run = made[0].doit("deploy", "stage=local", "builder=host")
        assert run.code == 0, run.output
    return made


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=LONG) for n in range(1, HISTORIES))])
def test_a_random_history(machines: list[Project], seed: int) -> None:
    """Each with a rollback early, so that there is something to hold."""
    story = Story(machines=machines, drawn=random.Random(seed))  # noqa: S311 - no secret
    happens = [
        Story.requires, Story.rolls_back, Story.unpins, Story.has_another_builder,
        Story.has_another_tool, Story.cleans_up, Story.deletes, Story.changes_the_app,
    ]  # fmt: skip
    drawn = [Story.rolls_back, *story.drawn.choices(happens, k=LENGTH)]
    for event in drawn:
        who = story.drawn.choice(machines)
        story.told.append(f"{who.path.name} {event.__name__}")
        event(story, who)
        story.deploys_as_planned(story.drawn.choice(machines))
