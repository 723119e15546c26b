"""`python -m tasks`, and `doit-lambda-layer` where the wheel is installed: doit as `./doitw` starts
it.

doit itself would read pyproject.toml, too, and answer a typing error there with a traceback. Only
our settings are in it, and context/settings.py says what is wrong with them.
"""

import gc
import sys
from pathlib import Path


def main() -> int:
    """Exit status. `doit-lambda-layer` stands for `doit` in every command. All modules are imported
    within: Ctrl-C during the imports gives the same line as at any other time."""
    try:
        from .ui import streams

        streams.prepare_streams()
        try:
            return run(sys.argv[1:])
        finally:
            streams.flush()
    except KeyboardInterrupt:  # between two steps; within one, context/doit_actions.py says it
        print("stopped\n→ run it again: finished steps are kept", file=sys.stderr)
        return 1
    finally:
        gc.freeze()  # ending, Python would look through all that is there: a fifth of a short run


def run(words: list[str]) -> int:
    gc.set_threshold(50_000)  # it would look through what we need to the end, a tenth of the time
    from .cli.program import Program
    from .context import folder, stopping
    from .sandbox import temp_dirs
    from .util.errors import LayerError
    from .util.version import VERSION

    stopping.as_interrupts()
    try:
        folder.check_folder()
    except LayerError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 3
    if words == ["--version"]:
        print(f"doit-lambda-layer {VERSION}")
        return 0
    if words[:1] == ["init"] or words[:2] == ["help", "init"]:
        from .commands import init  # with all that it needs, which no other command does

        return init.main(words[1:] if words[0] == "init" else ["--help"])
    temp_dirs.begin_run()
    status = Program(config_filenames=()).run(words)
    if status and not Path("dodo.py").exists():
        print("→ in a Chalice app that has none yet: doit-lambda-layer init", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
