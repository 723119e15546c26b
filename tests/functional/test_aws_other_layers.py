"""Layers that this tool did not make, beside its own and in an emergency: what runs of them."""

import io
import zipfile

import pytest

from tasks.aws.client import Aws
from tasks.release import layer_contents
from tests import deployed_project
from tests.moto_server import Refusal, Server

SIX = {"python/six.py": "", "python/six-1.15.0.dist-info/METADATA": ""}
NEWER = {"python/six.py": "", "python/six-1.16.0.dist-info/METADATA": ""}
SITE = "python/lib/python3.12/site-packages"
IDNA = {f"{SITE}/idna/__init__.py": "", f"{SITE}/idna-3.10.dist-info/METADATA": ""}


def publish(aws: Aws, name: str, files: dict[str, str]) -> str:
    """The ARN of a layer made by hand."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for path, text in files.items():
            file.writestr(path, text)
    made = aws.client("lambda").publish_layer_version(
        LayerName=name, Content={"ZipFile": content.getvalue()}
    )
    return str(made["LayerVersionArn"])


@pytest.fixture(autouse=True)
def handing_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zips of layers, as AWS does."""
    deployed_project.adjust(monkeypatch, server)


def test_in_an_emergency_all_the_layers_count(aws: Aws) -> None:
    """None of them is this tool's: what any has stays out of the function; the last one's wins."""
    old = [publish(aws, "a", SIX), publish(aws, "b", IDNA), publish(aws, "c", NEWER)]
    found = layer_contents.of_stage(aws, old)
    assert found.versions == {"six": "1.16.0", "idna": "3.10"}
    assert [*found.modules] == ["idna", "six"]


def test_beside_ours_they_do_not(aws: Aws) -> None:
    """What is packed beside somebody else's layer is the app's own choice."""
    arns = [publish(aws, "extra", IDNA), publish(aws, "deps", SIX)]
    assert layer_contents.of_stage(aws, arns).versions == {"six": "1.15.0"}
    assert [*layer_contents.of_others(aws, arns)] == arns[:1]


def test_a_version_is_fetched_once(aws: Aws, server: Server) -> None:
    arn = publish(aws, "extra", IDNA)
    first = layer_contents.of_others(aws, [arn])
    seen = len(server.seen)
    assert layer_contents.of_others(aws, [arn]) == first
    assert len(server.seen) == seen


def test_one_that_is_gone_stops_nothing(aws: Aws) -> None:
    arn = publish(aws, "extra", IDNA)
    aws.client("lambda").delete_layer_version(LayerName="extra", VersionNumber=1)
    assert layer_contents.of_stage(aws, [arn]).versions == {}


def test_one_that_we_may_not_see_stops_nothing(aws: Aws, server: Server) -> None:
    """A way back does not end for this look; the next one asks again."""
    arn = publish(aws, "extra", IDNA)
    server.refused = lambda request: Refusal(status=403, code="AccessDeniedException")
    assert layer_contents.of_others(aws, [arn]) == {}
    server.refused = lambda request: None
    assert [*layer_contents.of_others(aws, [arn])[arn].versions] == ["idna"]
