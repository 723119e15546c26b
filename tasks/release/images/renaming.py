"""New functions under new names beside the old ones, and everything that Chalice made led to them.

    plan → create (nothing leads to them yet) → lead: permissions, events, Chalice's state

After that Chalice deploys the stage as it is: it finds these functions, and gives its REST API,
websockets and schedules to them. Each step is made only where it is not made yet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...aws import lambda_functions
from ...aws.client import Aws
from ...aws.errors import error_code, errors
from ...chalice_project import deploy
from ...chalice_project.child import function_names
from ...ui.console import say
from ...util import files
from ...util.errors import InputError
from ..stage import chalice_state, store
from . import conversion, permissions
from .conversion import Conversion
from .package_type import IMAGE, ZIP, other_type

LONGEST = 64  # characters of a function's name (AWS: CreateFunction)
# Of a subscription, what Subscribe takes for a function.
SUBSCRIBED = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
KEPT = ("Role", "Timeout", "MemorySize")


def plan(aws: Aws) -> dict[str, str]:
    """{function: the new one}. InputError for a name that is taken, or too long."""
    under_way, now = conversion.read(aws), chalice_state.configurations(aws)
    if other_type(aws):
        renamed = _named(aws)
    elif {*now} & {*under_way.renamed.values()}:
        return dict(under_way.renamed)  # state has the new ones already
    else:  # it was turned round before the state had them
        return {new: old for old, new in under_way.renamed.items()}
    _check(aws, renamed, {*under_way.renamed, *under_way.renamed.values()})
    return renamed


def _named(aws: Aws) -> dict[str, str]:
    base = store.function(aws.settings)
    found = deploy.functions_of(chalice_state.read_state(aws))
    end = "" if function_names.end_of(base, found) else f"-{aws.settings.package}"
    return {
        name: function_names.plain_name(base, resource) + end for resource, name in found.items()
    }


def _check(aws: Aws, renamed: Mapping[str, str], ours: set[str]) -> None:
    way = f"./doitw convert keep-name=1 stage={aws.settings.stage} keeps the names"
    for old, new in renamed.items():
        if len(new) > LONGEST:
            problem = f"the new function for {old} would be called {new}, which is "
            raise InputError(
                f"{problem}{len(new)} characters long, and AWS takes {LONGEST}", fix=way
            )
        theirs = new not in ours and lambda_functions.configuration(aws, new)
        if theirs:
            problem = f"the new function for {old} would be called {new}, and there is one"
            raise InputError(problem, fix=f"delete it if nobody uses it. Or {way}")


def create(
    aws: Aws, renamed: Mapping[str, str], code: Callable[[str], Mapping[str, Any]],
    handlers: Mapping[str, str],
) -> list[str]:  # fmt: skip
    """Those that were not there, configured as the old ones are. Their names. `code`: for
    CreateFunction, by the handler. `handlers`: {old function: what the app has for it now}."""
    made = []
    for old, new in renamed.items():
        found = lambda_functions.configuration(aws, old)
        if found is None or lambda_functions.configuration(aws, new):
            continue
        built_for = {"Architectures": [aws.settings.architecture]}  # the old one's may be another
        named = code(handlers.get(old) or handler(found))
        tags = lambda_functions.tags(aws, found["FunctionArn"])
        wishes = _wishes(found) | ({"Tags": tags} if tags else {})
        _create(aws, new, {**wishes, **built_for, **named})
        _let_loop(aws, old, new)
        made.append(new)
        say(f"function {new} is made beside {old}")
    return made


def _let_loop(aws: Aws, old: str, new: str) -> None:
    """Before events lead to it. Lambda would end its loop, and the work that is in it."""
    if (wanted := lambda_functions.recursive(aws, old)) != lambda_functions.recursive(aws, new):
        with errors(f"letting {new} call itself"):
            aws.client("lambda").put_function_recursion_config(
                FunctionName=new, RecursiveLoop=wanted
            )


def _create(aws: Aws, name: str, wishes: Mapping[str, Any]) -> None:
    """Where the answer was lost, the SDK asked again, and the function is there already."""
    from botocore.exceptions import ClientError

    client = aws.client("lambda")
    with errors(f"making function {name}"):
        try:
            client.create_function(FunctionName=name, **wishes)
        except ClientError as error:
            conflict = error_code(error) == "ResourceConflictException"
            if not (conflict and lambda_functions.configuration(aws, name)):
                raise
        client.get_waiter("function_active_v2").wait(FunctionName=name)


def handler(found: Mapping[str, Any]) -> str:
    """Of a zip, or of an image, whose command it is."""
    config = (found.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
    return str(found.get("Handler") or (config.get("Command") or ["app.app"])[0])


def _wishes(found: Mapping[str, Any]) -> dict[str, Any]:
    """As CreateFunction takes them."""
    places = conversion.network(found)
    variables = (found.get("Environment") or {}).get("Variables") or {}
    mode = (found.get("TracingConfig") or {}).get("Mode", "PassThrough")
    kept = {key: found[key] for key in KEPT if found.get(key)} | conversion.set_beside(found)
    more = {"VpcConfig": places} if places else {}
    return {
        **kept,
        **more,
        "Environment": {"Variables": variables},
        "TracingConfig": {"Mode": mode},
    }


def lead(aws: Aws, under_way: Conversion) -> None:
    """Who may call, event sources, and Chalice's state."""
    chalice_state.restore(aws)
    for old, new in under_way.renamed.items():
        if lambda_functions.configuration(aws, new) and lambda_functions.configuration(aws, old):
            permissions.allow(aws, new, permissions.statements(aws, old))
            _lead_mappings(aws, old, new)
    state = files.read_record(deploy.deployed_file(aws.settings.stage)) or {}
    resources = [_led(aws, each, under_way.renamed) for each in state.get("resources", [])]
    files.write_record(deploy.deployed_file(aws.settings.stage), {**state, "resources": resources})
    chalice_state.save(aws)


def _lead_mappings(aws: Aws, old: str, new: str) -> None:
    """All of them, Chalice's and others'."""
    client = aws.client("lambda")
    with errors(f"leading the event sources of {old} to {new}"):
        pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=old)
        found = [each for page in pages for each in page["EventSourceMappings"]]
        for each in found:
            leads = each["FunctionArn"].rpartition(":")[2] == old
            if leads and each.get("State") != "Deleting":
                client.update_event_source_mapping(UUID=each["UUID"], FunctionName=new)
                # Kafka of one's own has no ARN
                say(f"event source {each.get('EventSourceArn', each['UUID'])} → {new}")


def _led(aws: Aws, resource: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """A resource of Chalice's state, with what it has led to the new function. The state may have
    the new one already, where a run was stopped, or turned round."""
    begin, _, name = str(resource.get("lambda_arn", "")).rpartition(":")
    pair = next(((old, new) for old, new in renamed.items() if name in (old, new)), None)
    if pair is None:
        return dict(resource)
    old, arn = (f"{begin}:{each}" for each in pair)
    kind, more = resource.get("resource_type"), {}
    if kind == "sns_event":
        more = {"subscription_arn": _lead_topic(aws, str(resource["topic_arn"]), old, arn)}
    elif kind == "s3_event":
        _lead_bucket(aws, str(resource["bucket"]), old, arn)
    return {**resource, **more, "lambda_arn": arn}


def _lead_topic(aws: Aws, topic: str, old: str, arn: str) -> str:
    """Subscribed first, and then the old one taken away: no message is lost, one may come twice."""
    client = aws.client("sns")
    with errors(f"leading topic {topic} to {arn}"):
        pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        there = {
            x["Endpoint"]: x["SubscriptionArn"] for page in pages for x in page["Subscriptions"]
        }
        if arn not in there:
            there[arn] = client.subscribe(
                TopicArn=topic, Protocol="lambda", Endpoint=arn, ReturnSubscriptionArn=True,
                Attributes=_attributes(client, there.get(old, "")),
            )["SubscriptionArn"]  # fmt: skip
        if old in there:
            client.unsubscribe(SubscriptionArn=there[old])
            say(f"topic {topic} → {arn.rpartition(':')[2]}")
    return str(there[arn])


def _attributes(client: Any, subscription: str) -> dict[str, str]:
    """What people set of it: which messages it gets, and where those go that fail."""
    if not subscription:
        return {}
    found = client.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    return {name: found[name] for name in SUBSCRIBED if found.get(name) not in (None, "", "false")}


def _lead_bucket(aws: Aws, name: str, old: str, arn: str) -> None:
    """In one call: the bucket's other notifications stay."""
    client = aws.client("s3")
    with errors(f"leading the events of bucket {name} to {arn}"):
        found = client.get_bucket_notification_configuration(Bucket=name)
        found.pop("ResponseMetadata", None)
        listed: Sequence[dict[str, Any]] = found.get("LambdaFunctionConfigurations", [])
        if not any(each["LambdaFunctionArn"] == old for each in listed):
            return
        found["LambdaFunctionConfigurations"] = [
            {**each, "LambdaFunctionArn": arn} if each["LambdaFunctionArn"] == old else each
            for each in listed
        ]
        client.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=found)
    say(f"events of bucket {name} → {arn.rpartition(':')[2]}")


def code_of(uri: str) -> Callable[[str], Mapping[str, Any]]:
    """Of an image, by digest."""
    return lambda command: {
        "PackageType": IMAGE, "Code": {"ImageUri": uri}, "ImageConfig": {"Command": [command]},
    }  # fmt: skip


def code_of_zip(
    python: str, content: bytes, layers: Sequence[str]
) -> Callable[[str], Mapping[str, Any]]:
    return lambda name: {
        "PackageType": ZIP, "Code": {"ZipFile": content}, "Handler": name,
        "Runtime": f"python{python}", "Layers": [*layers],
    }  # fmt: skip


def refuse_lost(aws: Aws, renamed: Mapping[str, str]) -> None:
    """InputError for one that would delete what runs."""
    runs = {*deploy.functions_of(chalice_state.read_state(aws)).values()}
    if both := sorted(runs & {*renamed}):
        raise InputError(
            f"{', '.join(both)} runs still: the conversion is under way",
            fix=f"./doitw convert stage={aws.settings.stage} goes on with it",
        )
