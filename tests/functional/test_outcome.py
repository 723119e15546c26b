"""How a deploy and a rollback end: what is live, how large, how to undo it; what each step made."""

import re
import sys

from tasks.report import step_summary
from tests import terminal
from tests.project import SIX, SIZE, Project, Run, clean_environment

CALL = "call   ./doitw invoke event=http stage=local; an address: ./doitw local-url"
BARS = ("writing", "uploading")  # whatever there is of it; the others come where there is more


def watched(project: Project, *words: str) -> tuple[Run, str]:
    """On a terminal: what is left standing, and all that was drawn."""
    command = [sys.executable, "-m", "tasks", *words]
    around = terminal.plain(clean_environment() | project.environment)
    code, seen = terminal.shown(command, project.path, around)
    standing = "\n".join(terminal.left_standing(seen))
    return Run(code=code, output=standing), terminal.without_colours(seen)


def end(run: Run) -> list[str]:
    """The last four lines but for how the app is called, which is always said in the same way."""
    assert run.code == 0, run.output
    live, call, size, way = run.output.strip().splitlines()[-4:]
    assert call == CALL
    return [live, size, way]


def undo(project: Project, line: str) -> Run:
    """Typed as it is said, each command."""
    commands = re.findall(r"\./doitw ([^,]+?)(?:,|:| ends |$)", line)
    assert commands, line
    for command in commands:
        run = project.doit(*command.split())
        assert run.code == 0, run.output
    return run


def made(run: Run, step: str) -> str:
    """What a step's last line says that it made."""
    found = re.search(rf"^✓ {step} +(.*?) +[\d.]+ s$", run.output, re.M)
    return found[1] if found else ""


def test_each_end_says_how_to_undo_it_and_that_works(layer: Project) -> None:
    """First version, gone, again, second, back as it says, forward as it says."""
    first, drawn = watched(layer, "deploy", "stage=local")
    live, size, way = end(first)
    assert [bar for bar in BARS if f"   {bar} ━" not in drawn] == []
    assert "━" not in first.output
    assert live == "live   shuking-local with version 1 of deps, answers 200"
    assert re.fullmatch(SIZE, size)
    silent = {
        step
        for step in step_summary.TYPED.keys() | step_summary.OF_RECORD.keys()
        if not made(first, step)
    }
    assert silent == {"image-parts", "push"}  # of a stage whose package is an image
    assert way.startswith("undo   nothing was there before; ./doitw local-stop ends")
    assert "emulator stopped" in undo(layer, way).output
    assert "the emulator is not running" in layer.doit("history", "stage=local").output
    assert end(layer.deploy()) == [live, size, way]

    layer.write("requirements-all.txt", SIX.replace("1.16.0", "1.17.0"))
    live, size, way = end(layer.deploy())
    assert live == "live   shuking-local with version 2 of deps, answers 200"
    assert way == "undo   ./doitw rollback version=1 stage=local"

    live, size, way = end(undo(layer, way))
    assert live == "live   shuking-local with version 1 of deps, answers 200"
    assert re.fullmatch(SIZE, size)
    assert way.startswith("undo   ./doitw unpin stage=local")
    kept = end(layer.deploy())
    assert kept[0] == live
    assert kept[2] == way

    live, _, way = end(undo(layer, way))
    assert live == "live   shuking-local with version 2 of deps, answers 200"
    assert way == "undo   ./doitw rollback version=1 stage=local"

    layer.write("app.py", f"{layer.read('app.py')}\nNEW = 1\n")
    live, _, way = end(layer.deploy())
    assert way == "undo   ./doitw undo stage=local"
    assert undo(layer, way).code == 0
