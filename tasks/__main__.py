"""`python -m tasks`: doit as `./doitw` starts it.

doit itself would read pyproject.toml, too, and answer a typing error there with a traceback. Only
our settings are in it, and tasks/core/settings.py says what is wrong with them.
"""

import signal
import sys

from doit.doit_cmd import DoitMain

DoitMain.BIN_NAME = "./doitw"  # in its help
signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: locks are given back
try:
    sys.exit(DoitMain(config_filenames=()).run(sys.argv[1:]))
except KeyboardInterrupt:  # between two steps; within one, core/actions.py says it
    sys.exit("stopped\n→ run it again: what is finished is not done twice")
