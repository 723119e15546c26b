"""The environment variables of the proof: those that every function finds in Lambda.

Source: docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Defined runtime
environment variables". HOME is not among them: a function's user, sbx_user1051, has a home that is
not there and cannot be made, which the variable says here. The region is always the same, so that
a proof holds for every stage.
"""

from ..settings.model import Settings

HOME = "/home/sbx_user1051"
REGION = "us-east-1"


def proof_environment(settings: Settings) -> dict[str, str]:
    """`proof-env` wins."""
    found = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{settings.python}",
        "AWS_LAMBDA_FUNCTION_NAME": "proof",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/proof",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_ACCESS_KEY_ID": "proof",
        "AWS_SECRET_ACCESS_KEY": "proof",
        "AWS_SESSION_TOKEN": "proof",
        "LAMBDA_RUNTIME_DIR": "{runtime}",  # the sandbox's word for /var/runtime
        "LAMBDA_TASK_ROOT": "/var/task",
        "PYTHONPATH": "/var/runtime",
        "_HANDLER": "app.app",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": HOME,
    }
    return found | dict(pair.partition("=")[::2] for pair in settings.proof_env)
