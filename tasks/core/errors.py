"""One error hierarchy. Every message says what is wrong and where; `fix` says what to do."""

from doit.exceptions import InvalidDodoFile


class LayerError(Exception):
    """Anything a person can act on. Shown without a traceback."""

    def __init__(self, problem: str, *, fix: str) -> None:
        super().__init__(f"{problem}\n→ {fix}")
        self.problem = problem
        self.fix = fix


class SettingsError(LayerError, InvalidDodoFile):  # type: ignore[misc] # doit has no types
    """Settings or command-line variables. doit prints an InvalidDodoFile plainly at load time."""


class InputError(LayerError):
    """A file of the user's: requirements, lock, .chalice/config.json."""


class BuildError(LayerError):
    """The layer could not be built: Docker, the installer, pruning, zipping."""


class VerifyError(LayerError):
    """The layer was built and must not be shipped: something broke, or it is too large."""


class AwsError(LayerError):
    """AWS refused, or holds something else than expected."""


class DeployError(LayerError):
    """Chalice failed, or the deployed function does not answer."""


class DriftError(LayerError):
    """What is deployed is not what is configured or wanted (`doit status check=1`)."""
