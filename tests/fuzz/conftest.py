"""Property tests: the same examples on every run, as many as fit into seconds.

What failed once stands as `@example` at its test: nothing is remembered outside of the repository.

`HYPOTHESIS_PROFILE=random pytest tests/fuzz` draws others each time, and more of them; what fails
is printed with the line that repeats it.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

settings.register_profile(
    "tests",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "random",
    settings.get_profile("tests"),
    derandomize=False,
    max_examples=2000,
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))

# It draws constants out of whatever modules are loaded: other examples for one file than for all.
assert callable(providers._get_local_constants)
providers._get_local_constants = lambda: providers._local_constants
