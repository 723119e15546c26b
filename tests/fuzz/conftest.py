"""Property tests: the same examples on every run, as many as fit into seconds.

What failed once stands as `@example` at its test: nothing is remembered outside of the repository.
"""

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
settings.load_profile("tests")

# It draws constants out of whatever modules are loaded: other examples for one file than for all.
assert callable(providers._get_local_constants)
providers._get_local_constants = lambda: providers._local_constants
