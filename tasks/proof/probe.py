"""docker/probe.py and blame.py in a sandbox: what works in the layer, and what is at fault."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..layer.installed import Installed
from ..sandbox import choose, host_runtime, isolation, lambda_system
from ..sandbox.job_users import BLAME, PROOF, Kind
from ..sandbox.protocol import Job, Sandbox, scripts
from ..sandbox.watch import OutOfTimeError
from ..settings import lambda_variables, paths
from ..settings.model import Settings
from ..ui.console import following
from ..util import files as file_tools
from ..util import modules
from ..util.errors import VerifyError
from . import lambda_libraries
from .import_order import Question

SCRIPTS = (
    "probe.py", "preload.py", "try_imports.py", "in_function.py", "alone.py", "elf.py", "memory.py",
    "blame.py", "inspect_foreign.py",
)  # fmt: skip
LAYER, REQUEST = "{opt}", "{work}/request.json"
PROVE = ("probe.py", "prove", LAYER, REQUEST, "{tmp}")
KILLED = (128 + 9, -9)  # exit status of what met SIGKILL, in a shell's way and in Python's
SILENT = 60  # seconds beyond those of one try; docker/probe.py says what it is at every few
ANSWER = "= "  # begins the line that is what a script has found
# The same for every stage, so that a proof holds for each.
REGION, NAME = "us-east-1", "proof"


def proof(
    settings: Settings, sandbox: Sandbox, layer: Path, batches: Mapping[str, Question],
    tree: Installed, changed: Collection[str], bare: Collection[str], covered: Collection[str] = (),
    sourceless: Collection[str] = (),
) -> Job:  # fmt: skip
    """The job in which docker/probe.py tries the layer. `changed`: paths that pruning took or cut.
    `bare`: modules that are without bytecode. `covered`: files of this machine that it hides.
    `sourceless`: those of `changed` that are there as bytecode."""
    as_code = {path for path in tree.sizes if path not in changed or path in sourceless}
    there = {name for path in as_code if (name := modules.dotted(path))}
    gone = {name for path in changed if (name := modules.dotted(path))} - there
    request = asking(settings, sandbox, batches, covered) | {
        "gone": sorted(gone), "touched": sorted(changed), "bare": sorted(bare),
    }  # fmt: skip
    return _job(
        PROOF,
        [layer],
        PROVE,
        request,
        environment=proof_environment(settings),
        covered=covered,
        silence=silence(settings),
    )


def asking(
    settings: Settings, sandbox: Sandbox, batches: Mapping[str, Question], covered: Collection[str]
) -> Question:
    """A request to docker/probe.py."""
    return {
        "batches": batches, "gone": [], "touched": [], "bare": [],
        "timeout": settings.proof_timeout, "alone": sandbox.isolation == isolation.NONE,
        "system": sorted(lambda_libraries.system(settings).libraries), "covered": sorted(covered),
        "reported": lambda_libraries.reported(settings) if sandbox.kind == "host" else {},
        "programs": programs(settings) * (sandbox.kind == "docker"),
    }  # fmt: skip


def programs(settings: Settings) -> list[str]:
    """All that Lambda has, [] for an image of the app's own: it may have others."""
    return [] if settings.is_image else sorted(lambda_system.programs(settings.python))


def silence(settings: Settings) -> float:
    """Seconds after which the proof has been stopped by what it tries."""
    return float(max(SILENT, settings.proof_timeout) + SILENT)


def read_foreign(sandbox: Sandbox, layer: Path, batches: Mapping[str, Question]) -> dict[str, Any]:
    """The same about a layer that the sandbox does not run, so far as files tell: metadata, and
    what its libraries are made for."""
    script = ["inspect_foreign.py", LAYER, REQUEST]
    job = _job(PROOF, [layer], script, {"batches": batches}, silence=float(SILENT))
    return run(sandbox, job)


def prove_restored(
    settings: Settings, sandbox: Sandbox, layer: Path, batches: Mapping[str, Question],
    installed: Path, covered: Collection[str],
) -> dict[str, Any]:  # fmt: skip
    """The same about the layer with the files of the zip `installed` laid over it: what was there
    before pruning."""
    request = asking(settings, sandbox, batches, covered)
    job = _job(
        PROOF, [layer, installed], PROVE, request, environment=proof_environment(settings),
        covered=covered, silence=silence(settings),
    )  # fmt: skip
    return run(sandbox, job)


def _job(
    kind: Kind, layers: Sequence[Path], script: Sequence[str], request: object,
    files: Mapping[str, Path] = {}, environment: Mapping[str, str] = {},
    covered: Collection[str] = (), silence: float | None = None,
) -> Job:  # fmt: skip
    """One run of a script that takes a request."""
    name, *more = script
    return Job(
        argv=("{python}", f"{{scripts}}/{name}", *more),
        kind=kind,
        inputs={
            **scripts(SCRIPTS),
            "request.json": file_tools.canonical(request),
            "empty": b"",
            **files,
        },
        environment=environment,
        covered=covered,
        opt=tuple(layers),
        silence=silence,
    )


def run(sandbox: Sandbox, job: Job) -> dict[str, Any]:
    """What the script has found. That is the last line of its own, which no process that it starts
    can write."""
    try:
        with following("importing and loading") as hear:
            outcome = sandbox.run(job, hear)
    except OutOfTimeError as error:
        raise lost(f"did not say anything for {error.silent:.0f} s", error.trying) from None
    if outcome.code in KILLED:
        raise lost("was killed (SIGKILL)", outcome.trying)
    last = (outcome.output.splitlines() or [""])[-1]
    if outcome.code or not last.startswith(ANSWER):
        problem = f"the import test did not run:\n{outcome.tail or f'exit status {outcome.code}'}"
        raise VerifyError(problem, fix="report this, with the lines")
    found: dict[str, Any] = json.loads(last.removeprefix(ANSWER))
    return found


def lost(how: str, trying: str) -> VerifyError:
    """The proof's own process came to an end that is none of its own."""
    problem = f"the import test {how}"
    if trying:
        return VerifyError(
            f"{problem} while it tried {trying}: one of these packages stops or ends the other "
            "processes of its user",
            fix="leave one out after the other of requirements-all.txt, to find it, or pin another "
            "version of it",
        )
    return VerifyError(
        f"{problem}: a package stops or ends the other processes of its user, or the machine has "
        "no memory left",
        fix="see whether the machine has memory left. Else take the packages that came last out "
        "of requirements-all.txt, to find the one",
    )


def blame(
    settings: Settings, sandbox: Sandbox, layer: Path, request: object, installed: Path
) -> dict[str, Any]:
    """The answer of docker/blame.py. `installed`: a zip of what pruning took, as it was."""
    script = ["blame.py", LAYER, "{tmp}/blamed", "{work}/removed.zip", REQUEST]
    environment, files = proof_environment(settings), {"removed.zip": installed}
    job = _job(BLAME, [layer], script, request, files, environment, silence=silence(settings))
    return run(sandbox, job)


def around(settings: Settings) -> list[object]:
    """What else code meets when it is tried: on this machine the client and the SDK that lie behind
    the layer are the tool's own, and without isolation it sees all else that is there."""
    if choose.kind(settings) != "host":
        return []
    return [host_runtime.contents(), bool(choose.not_isolated(settings))]


def proof_fingerprint(settings: Settings) -> str:
    """Of what proves, and of what it finds around it."""
    scripts_ = [file_tools.file_digest(paths.DOCKER / name) for name in SCRIPTS]
    system = sorted(lambda_libraries.system(settings).libraries)
    reported = lambda_libraries.reported(settings)
    around = [system, programs(settings), lambda_system.PASSWD, reported]
    return file_tools.digest([*scripts_, proof_environment(settings), *around])


def proof_environment(settings: Settings) -> dict[str, str]:
    """The environment variables of the import test: those that every function finds in Lambda.
    `proof-env` wins. docker/in_function.py sets what the runtime itself sets when it starts."""
    found = {
        **lambda_variables.OPEN,
        **lambda_variables.of_a_start(
            region=REGION, python=settings.python, handler="app.app", name=NAME, memory=128
        ),
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "LAMBDA_RUNTIME_DIR": "{runtime}",  # the sandbox's word for /var/runtime
        "LAMBDA_TASK_ROOT": "/var/task",
    }
    return found | dict(pair.partition("=")[::2] for pair in settings.proof_env)
