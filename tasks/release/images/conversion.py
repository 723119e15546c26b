"""A stage from layer to image, or back: what S3 keeps of it while it is under way.

AWS changes no function's package type, so there are new functions: beside the old ones under new
names (renaming.py), or in their place under the same (`delete`). What Chalice gives neither of them
is kept before anything is changed: a run that was stopped in between is completed by the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...aws import lambda_functions, s3
from ...aws.client import Aws
from ...aws.errors import error_code, errors
from ...ui.console import say
from ...util import files, typed_json
from ...util.errors import InputError
from ..stage import chalice_state, store
from . import permissions

# Of a function, what people set beside Chalice, and UpdateFunctionConfiguration takes.
BESIDE_CHALICE = (
    "Description", "DeadLetterConfig", "KMSKeyArn", "EphemeralStorage", "FileSystemConfigs",
    "LoggingConfig",
)  # fmt: skip
IPV6 = "Ipv6AllowedForDualStack"  # of a VPC; the rest of it is Chalice's
ASYNCHRONOUS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Of a function: statements of its resource policy, its reserved concurrency, its settings that
    are not Chalice's. How it is called asynchronously, and whether it may call itself in a loop."""

    policy: list[dict[str, Any]] = field(default_factory=list)
    reserved: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    asynchronous: dict[str, Any] = field(default_factory=dict)
    recursive: str = ""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """`functions`: {old function: what is kept of it}. `renamed`: {old function: new one}, of one
    that keeps no names. `done`: nothing is left to do but to delete the old ones. `left`: those of
    conversions before, which nothing leads to either."""

    functions: Mapping[str, Kept] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    done: bool = False
    left: Sequence[str] = ()

    @property
    def old(self) -> list[str]:
        """What `finish` deletes."""
        return [*self.renamed, *self.left]

    @property
    def is_open(self) -> bool:
        return bool(self.functions) and not self.done


def read(aws: Aws) -> Conversion:
    """An empty one where the stage was never converted, or all of it is finished."""
    told = typed_json.parsed(s3.get_bytes(aws, _key(aws)))
    kept = {name: Kept(**each) for name, each in told.get("functions", {}).items()}
    return Conversion(
        functions=kept, renamed=told.get("renamed", {}), done=bool(told.get("done", False)),
        left=tuple(told.get("left", ())),
    )  # fmt: skip


def sentences(aws: Aws) -> list[str]:
    """What is left to do, for who only looks."""
    found, stage = read(aws), f"stage={aws.settings.stage}"
    if found.is_open:
        return [f"a conversion of {stage} is not done: ./doitw convert {stage} goes on with it"]
    if found.old:
        old = ", ".join(found.old)
        return [
            f"{old} stay from before a conversion: ./doitw convert finish=1 {stage} deletes them"
        ]
    return []


def write(aws: Aws, found: Conversion) -> Conversion:
    s3.put_bytes(aws, _key(aws), files.canonical(asdict(found)))
    return found


def _key(aws: Aws) -> str:
    return store.key(aws.settings, "conversion.json")


def refuse_open(aws: Aws) -> None:
    """InputError while some of the stage's events lead to old functions and some to new ones."""
    if read(aws).is_open:
        stage = aws.settings.stage
        fix = f"./doitw convert stage={stage} goes on with it (or back, with `package` set back)"
        raise InputError(f"a conversion of stage {stage} is not done", fix=fix)


def names(aws: Aws) -> list[str]:
    """The stage's functions that are there."""
    return [name for name, found in chalice_state.configurations(aws).items() if found]


def refuse_unkept(aws: Aws, found: list[str]) -> None:
    """InputError for what leads to a function and could not be led to another from here."""
    problems = [line for name in found for line in _unkept(aws, name)]
    if problems:
        raise InputError(
            "\n".join(problems),
            fix="take them away by hand, convert, and make them again for the new functions",
        )


def _unkept(aws: Aws, name: str) -> list[str]:
    client = aws.client("lambda")
    with errors(f"looking at what belongs to {name}"):
        aliases = [each["Name"] for each in client.list_aliases(FunctionName=name)["Aliases"]]
        url = permissions.or_nothing(client.get_function_url_config, name).get("FunctionUrl")
    lines = [f"function {name} has the aliases {', '.join(aliases)}"] * bool(aliases)
    lines += [f"function {name} has an address of its own: {url}"] * bool(url)
    for each in permissions.statements(aws, name):
        if why := permissions.unspeakable(each):
            lines.append(f"function {name}: statement {each['Sid']} of its policy: {why}")
    return lines


def begin(aws: Aws, found: list[str], renamed: Mapping[str, str]) -> Conversion:
    """Before anything is changed. What an earlier run kept stays, also where it is turned round."""
    former = read(aws)
    kept = {**former.functions} if former.is_open else {}
    kept |= {new: kept[old] for old, new in former.renamed.items() if old in kept and new in found}
    kept |= {name: _of_function(aws, name) for name in found if name not in kept}
    left = _left(aws, former, {*renamed, *renamed.values()})
    return write(aws, Conversion(functions=kept, renamed=renamed, left=left))


def _left(aws: Aws, former: Conversion, named: set[str]) -> list[str]:
    """Functions of the last conversion that this one does not know: the app has them no more."""
    gone = {*former.old, *former.renamed.values()} - named - {*names(aws)}
    return [name for name in sorted(gone) if lambda_functions.configuration(aws, name)]


def free_reserved(aws: Aws, under_way: Conversion) -> None:
    """Of the old functions: the account has so many in all, of which 100 stay unreserved. The new
    ones could not have theirs beside them. It is kept, and follows."""
    for name in under_way.renamed:
        if name in under_way.functions and lambda_functions.reserved(aws, name) is not None:
            lambda_functions.reserve(aws, name, None)


def _of_function(aws: Aws, name: str) -> Kept:
    client, configured = aws.client("lambda"), lambda_functions.configuration(aws, name) or {}
    with errors(f"reading what belongs to {name}"):
        calls = permissions.or_nothing(client.get_function_event_invoke_config, name)
    return Kept(
        policy=permissions.statements(aws, name),
        reserved=lambda_functions.reserved(aws, name),
        settings=set_beside(configured),
        recursive=lambda_functions.recursive(aws, name),
        asynchronous={key: calls[key] for key in ASYNCHRONOUS if calls.get(key)},
    )


def set_beside(configured: Mapping[str, Any]) -> dict[str, Any]:
    """A log group of its own name is AWS's choice for a function: another one has another."""
    found = {key: configured[key] for key in BESIDE_CHALICE if configured.get(key)}
    logging = dict(found.pop("LoggingConfig", {}))
    if logging.get("LogGroup") == f"/aws/lambda/{configured.get('FunctionName')}":
        del logging["LogGroup"]
    network = {IPV6: True} if (configured.get("VpcConfig") or {}).get(IPV6) else {}
    return found | {
        key: value
        for key, value in {"LoggingConfig": logging, "VpcConfig": network}.items()
        if value
    }


def network(configured: Mapping[str, Any]) -> dict[str, Any]:
    """As a function's wishes say it. {} outside of a VPC."""
    found = configured.get("VpcConfig") or {}
    return {key: found[key] for key in ("SubnetIds", "SecurityGroupIds", IPV6) if found.get(key)}


def delete(aws: Aws, found: list[str], why: str) -> None:
    from botocore.exceptions import ClientError

    for name in found:
        with errors(f"deleting function {name}"):
            try:
                aws.client("lambda").delete_function(FunctionName=name)
            except ClientError as error:
                if error_code(error) not in permissions.GONE:
                    raise
        say(f"function {name} is deleted{why}")


def give_back(aws: Aws, found: Conversion) -> None:
    """To the new functions, what Chalice has not given them. Then the conversion is done."""
    for old, kept in found.functions.items():
        name = found.renamed.get(old, old)
        configured = lambda_functions.configuration(aws, name)
        if configured is None:
            say(f"note: function {old}, which was there before, is no part of the app any more")
            continue
        permissions.allow(aws, name, kept.policy)
        _set_again(aws, name, configured, kept)
        if lambda_functions.reserved(aws, name) != kept.reserved:
            lambda_functions.reserve(aws, name, kept.reserved)
    done = replace(found, done=True)
    write(aws, done if found.old else Conversion())


def _set_again(aws: Aws, name: str, configured: Mapping[str, Any], kept: Kept) -> None:
    client = aws.client("lambda")
    has = set_beside(configured)
    changed = {key: value for key, value in kept.settings.items() if has.get(key) != value}
    with errors(f"giving {name} its settings back"):
        if beside := changed.pop("VpcConfig", {}):
            chalices = network(configured)  # {}: the app has left the VPC
            changed |= {"VpcConfig": chalices | beside} if chalices else {}
        if changed:
            client.update_function_configuration(FunctionName=name, **changed)
            client.get_waiter("function_updated_v2").wait(FunctionName=name)
        if kept.recursive not in ("", lambda_functions.recursive(aws, name)):
            client.put_function_recursion_config(FunctionName=name, RecursiveLoop=kept.recursive)
        if kept.asynchronous:
            client.put_function_event_invoke_config(FunctionName=name, **kept.asynchronous)
