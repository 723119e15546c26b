"""Prune recipes, as data: dead weight of known packages. Each stops something from working, so
none applies until it is named in the settings (`recipes`). `keep` globs take single files back.
"""

from dataclasses import asdict

from ...settings.model import Settings
from ...settings.pyproject import TABLE
from ...settings.validation import nearest
from ...util.files import digest
from .rules import DROP, OF_LICENSES, RULES, Rule
from .rules import NAMES as RULE_NAMES

RECIPES = (
    Rule(
        name="googleapiclient",
        globs=("googleapiclient/discovery_cache/documents",),
        reason="static descriptions of every Google API, of which a program uses a few",
        source="googleapis/google-api-python-client#2321",
        breaks="googleapiclient.discovery.build(…) fetches the description over the network; "
        'keep one: keep = ["googleapiclient/discovery_cache/documents/drive.v3.json"]',
    ),
    Rule(
        name="aws-runtime",
        globs=tuple(
            pattern
            for package in ("boto3", "botocore", "s3transfer", "jmespath")
            for pattern in (package, f"{package}-*.dist-info")
        ),
        reason="Lambda's runtime has its own copy",
        source="aws-powertools/powertools-lambda#75, DataDog/datadog-lambda-python#30",
        breaks="the function gets the runtime's version of boto3, which AWS changes over time",
    ),
    Rule(
        name="botocore-data",
        globs=("botocore/data/*/*",),
        exceptions=tuple(
            f"botocore/data/{service}"
            for service in (
                "cloudwatch",
                "dynamodb",
                "ec2",
                "events",
                "iam",
                "kms",
                "lambda",
                "logs",
                "s3",
                "secretsmanager",
                "sns",
                "sqs",
                "ssm",
                "sso",
                "sso-oidc",
                "stepfunctions",
                "sts",
            )
        ),
        reason="descriptions of 400 AWS services, of which a program uses a few",
        source="boto/botocore#1543, #1629",
        breaks="boto3.client(…) of other services than cloudwatch, dynamodb, ec2, events, iam, "
        "kms, lambda, logs, s3, secretsmanager, sns, sqs, ssm, stepfunctions and sts; "
        'keep one: keep = ["botocore/data/athena"]',
    ),
    Rule(
        name="generativelanguage-versions",
        globs=("google/ai/generativelanguage_v1", "google/ai/generativelanguage_v1beta[23]"),
        reason="older versions of the API; google.ai.generativelanguage uses v1beta",
        source="the google-ai-generativelanguage wheel",
        breaks="google.ai.generativelanguage_v1, _v1beta2 and _v1beta3",
    ),
    Rule(
        name="installers",
        globs=(
            "pip",
            "pip-*.dist-info",
            "setuptools",
            "setuptools-*.dist-info",
            "pkg_resources",
            "wheel",
            "wheel-*.dist-info",
            "_distutils_hack",
            "distutils-precedence.pth",
        ),
        reason="nothing is installed at run time",
        source="the wheels of pip, setuptools and wheel",
        breaks="packages that import pkg_resources, setuptools or distutils",
    ),
    Rule(
        name="numpy-build",
        globs=("numpy/f2py", "numpy/distutils"),
        reason="for building extension modules",
        source="the numpy wheel",
        breaks="numpy.f2py, numpy.distutils",
    ),
    Rule(
        name="opencv-cascades",
        globs=("cv2/data/*.xml",),
        reason="Haar cascades of OpenCV's classic face and body detectors",
        source="the opencv-python-headless wheel",
        breaks="cv2.CascadeClassifier on cv2.data.haarcascades",
    ),
    Rule(
        name="pyarrow-flight",
        globs=("pyarrow/*flight*",),
        reason="Arrow's RPC framework, 20 MB that data frames do not use",
        source="the pyarrow wheel; apache/arrow#4216",
        breaks="pyarrow.flight",
    ),
    Rule(
        name="pyarrow-substrait",
        globs=("pyarrow/*substrait*",),
        reason="query plans in Substrait's format",
        source="the pyarrow wheel",
        breaks="pyarrow.substrait",
    ),
    Rule(
        name="scikit-learn-data",
        globs=("sklearn/datasets/data", "sklearn/datasets/images", "sklearn/datasets/descr"),
        reason="example data sets",
        source="the scikit-learn wheel",
        breaks="sklearn.datasets.load_iris() and the other bundled sets",
    ),
    Rule(
        name="sqlalchemy-testing",
        globs=("sqlalchemy/testing", "sqlalchemy/dialects/*/provision.py"),
        reason="the test suite for third-party dialects",
        source="the SQLAlchemy wheel",
        breaks="sqlalchemy.testing",
    ),
)

NAMES = tuple(rule.name for rule in RECIPES)


def active(settings: Settings) -> list[Rule]:
    """The rules that this layer is pruned by, in the order in which they claim a file."""
    own = Rule(name=DROP, globs=settings.drop, reason="your own `drop`", source="pyproject.toml")
    chosen = [rule for rule in RECIPES if rule.name in settings.recipes]
    return [
        own,
        *chosen,
        *OF_LICENSES[settings.licenses],
        *(rule for rule in RULES if rule.name not in settings.rules_off),
    ]


def fingerprint(settings: Settings) -> str:
    """sha256 of everything that decides what pruning leaves of a tree."""
    return digest([[asdict(rule) for rule in active(settings)], settings.keep, settings.prefer])


def problems(settings: Settings) -> list[str]:
    """One line for each rule or recipe in the settings that does not exist."""
    wrong = [("rules-off", name, RULE_NAMES) for name in settings.rules_off]
    wrong += [("recipes", name, NAMES) for name in settings.recipes]
    return [
        f"[{TABLE}]: {option} names {name!r}, which is none of {', '.join(known)}"
        f"{nearest(name, known)}"
        for option, name, known in wrong
        if name not in known
    ]


def inactive(settings: Settings) -> list[Rule]:
    """Rules and recipes that are not switched on."""
    names = {rule.name for rule in active(settings)}
    return [rule for rule in (*RECIPES, *RULES) if rule.name not in names]
