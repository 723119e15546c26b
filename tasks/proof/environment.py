"""The environment variables of the proof: those that every function finds in Lambda
(settings/lambda_variables.py, as for functions of stage=local).

The region is always the same, so that a proof holds for every stage. What the runtime itself sets
when it starts, the probe sets: PYTHONPATH, LD_LIBRARY_PATH, PWD, SHLVL (docker/in_function.py).
"""

from ..settings import lambda_variables
from ..settings.model import Settings

REGION = "us-east-1"
NAME = "proof"


def proof_environment(settings: Settings) -> dict[str, str]:
    """`proof-env` wins."""
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
