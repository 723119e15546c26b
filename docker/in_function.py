"""What an import finds around it in a function: Lambda's runtime client as it has begun, sys.path,
log handler, flags. Set up in one process of the proof, docker/probe.py's. Standard library only.

The client is the image's own, on a machine without that image the tool's: docker/probe.py has
imported it. Where there is none, what it would do is left out.
"""

import collections
import gc
import importlib
import logging
import os
import sys
from typing import Any

BOOTSTRAP = "/var/runtime/bootstrap.py"
LIBRARY_PATH = ":".join(
    ("/var/lang/lib", "/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib", "/var/task",
     "/var/task/lib", "/opt/lib")
)  # Lambda's: the image sets it, a machine does not  # fmt: skip
VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
# The proof starts its Python with -I, on a machine with -S: whoever starts another one passes that
# on (subprocess, multiprocessing), and it would not find the layer.
OURS = {"isolated", "no_user_site", "no_site", "ignore_environment", "safe_path", "utf8_mode"}
# Allocations from one search for garbage to the next. Python's own (700) cost a tenth of the time;
# an import that lives on garbage collection still has one.
RARELY = 100_000


BARE = bool(sys.flags.no_site)  # a machine, whose own packages are not to be seen


def _flags() -> Any:
    names = type(sys.flags).__match_args__
    found = {name: getattr(sys.flags, name) for name in names}
    found |= {name: type(found[name])(0) for name in OURS & found.keys()}
    return collections.namedtuple("flags", names)(**found)


FLAGS = _flags()


def begin() -> None:
    """As a process of the function begins: where it is, what was started, and by whom."""
    task = os.environ.get("LAMBDA_TASK_ROOT", "")
    os.chdir(task if os.path.isdir(task) else "/")  # noqa: PTH112 - no pathlib here: see forget()
    sys.argv = [BOOTSTRAP]
    main: Any = type(sys)("__main__")
    main.__file__, main.awslambdaricmain = BOOTSTRAP, sys.modules.get("awslambdaric.__main__")
    sys.modules["__main__"] = main
    interpreter = f"{sys.prefix}/bin/{VERSION}"
    sys.executable = interpreter if os.path.exists(interpreter) else sys.executable  # noqa: PTH110
    sys.flags = FLAGS
    gc.set_threshold(RARELY, *gc.get_threshold()[1:])
    if client := sys.modules.get("awslambdaric.bootstrap"):
        unbuffered: Any = getattr(client, "Unbuffered", lambda stream: stream)
        sys.stdout, sys.stderr = unbuffered(sys.stdout), unbuffered(sys.stderr)


def use(opt: str) -> None:
    """As a function finds it when its handler is imported: sys.path in the order of Lambda's
    bootstrap, with `.pth` files read. What the runtime sets of the environment. A log handler
    (/var/runtime/bootstrap.py, docker/bootstrap.py)."""
    import site

    task, runtime = (os.environ.get(f"LAMBDA_{name}", "") for name in ("TASK_ROOT", "RUNTIME_DIR"))
    layers = [f"{opt}/python/lib/{VERSION}/site-packages", f"{opt}/python"]
    image = [f"{sys.prefix}/lib/{VERSION}/site-packages"] * (not BARE)
    sys.path[:0] = [each for each in (task, *layers, *image, runtime) if each]
    os.environ.update(PWD=task, SHLVL="0")  # as Lambda's `bootstrap` leaves them, a script of bash
    sys.dont_write_bytecode = True  # /opt is read-only in Lambda
    for folder in layers:
        site.addsitedir(folder)
    for add in (site.setquit, site.setcopyright, site.sethelper):
        add()  # exit, copyright, help: a Python that starts without site has none
    if runtime:  # where a function would be
        os.environ.setdefault("PYTHONPATH", runtime)
        os.environ.setdefault("LD_LIBRARY_PATH", LIBRARY_PATH)
    log()


def log() -> None:
    """The root logger gets the client's handler. Of a client that has it by another name any."""
    client: Any = sys.modules.get("awslambdaric.bootstrap")
    try:
        form, level = client._AWS_LAMBDA_LOG_FORMAT, client._AWS_LAMBDA_LOG_LEVEL
        client._setup_logging(form, level, client.StandardLogSink())
    except (AttributeError, TypeError):
        logging.getLogger().addHandler(logging.StreamHandler())


def start_runtime() -> str:
    """What the runtime client imports when the layer is on sys.path already: from Python 3.12 on
    it asks for the next event in a thread (awslambdaric.lambda_config). Why no function would
    start, or ''."""
    if sys.version_info < (3, 12):  # noqa: UP036 - the layer's Python, not the tool's
        return ""
    try:
        importlib.import_module("concurrent.futures").ThreadPoolExecutor  # noqa: B018 - loads .thread
    except BaseException as error:
        line = (str(error).splitlines() or [""])[0]
        return f"Lambda's runtime does not start: {type(error).__name__}: {line}"
    return ""
