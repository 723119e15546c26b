"""Source distributions whose build wants out: a build backend is a package's code as any other."""

import pytest

from tests import reliability_counts as kinds
from tests.hostile import ground
from tests.hostile.ground import Ground

pytestmark = pytest.mark.docker
# What one plants may stop its own build, so it comes last.
ATTACKS = ("overwrite", "neighbours", "connect", "environments", "root", "kernel", "stay", "plant")
BACKEND = """
import io, os, types, zipfile

def said():
    payload = types.ModuleType("payload")
    payload.__file__ = {script!r}
    source = {payload!r}.replace(
        'Path(__file__).with_name("aims.json").read_text(encoding="utf-8")', repr({aims!r})
    )
    exec(compile(source, "payload", "exec"), payload.__dict__)
    try:
        payload.run({attack!r})
    except ImportError as error:
        return str(error)
    return ""

def build_wheel(folder, settings=None, metadata=None):
    name = "{name}-1.0-py3-none-any.whl"
    code = f"SAID = {{said()!r}}\\nif SAID: raise ImportError(SAID)\\n"
    files = {{
        "{name}.py": code,
        "{name}-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
        "{name}-1.0.dist-info/WHEEL":
            "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    record = "".join(f"{{path}},,\\n" for path in files) + "{name}-1.0.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in (files | {{"{name}-1.0.dist-info/RECORD": record}}).items():
            archive.writestr(path, text)
    return name
"""


def source(grounds: Ground, attack: str) -> str:
    """A source distribution that does this while it is built; its name."""
    name = f"built{attack.replace('_', '')}"
    text = BACKEND.format(
        name=name, attack=attack, script=f"/{name}.py", payload=ground.PAYLOAD.decode(),
        aims=grounds.aims().decode(),
    )  # fmt: skip
    grounds.index.add_sdist(name, "1.0", text)
    return name


def test_while_they_are_built(grounds: Ground) -> None:
    """All in one layer. None gets out, not even into what the others build. On the host none of
    them is built."""
    before = grounds.seen()
    names = [source(grounds, attack) for attack in ATTACKS]
    lines = [*(f"--no-binary {name}" for name in names), *(f"{name}==1.0" for name in names)]
    with ground.held([kinds.SOURCES] * len(names)):
        _, run = grounds.build("sources", [*lines, "victim==1.0"])
        refused = {
            "docker": "builtplant==1.0 does not build from source",
            "host": "or build it in the image (builder=docker)",
        }[grounds.builder]
        assert run.code == 0 or refused in run.output
        grounds.check(before, run.output)
