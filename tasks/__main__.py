"""`python -m tasks`: doit as `./doitw` starts it.

doit itself would read pyproject.toml, too, and answer a typing error there with a traceback. Only
our settings are in it, and tasks/core/settings.py says what is wrong with them.
"""

import sys

from doit.doit_cmd import DoitMain

DoitMain.BIN_NAME = "./doitw"  # in its help
sys.exit(DoitMain(config_filenames=()).run(sys.argv[1:]))
