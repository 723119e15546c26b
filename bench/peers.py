"""How others build the same layer: recipes from their own documentation, versions pinned."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import Command
from bench.variants import FINDS
from tasks.util.errors import BuildError

HERE = Path("build/bench")  # everything that is measured lives here
PIP = "pip==26.2.1"  # Chalice 1.34 needs one below 26.3; one for all


@dataclass(frozen=True, kw_only=True)
class Peer:
    """`script` runs in a folder of its own, beside requirements.txt. What it needs reset before
    each run is removed by `reset`, unmeasured. `result`: the zip, where one is made."""

    name: str
    title: str
    link: str
    script: str
    pins: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    result: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    requirements: str = "requirements.txt"
    environment: Mapping[str, str] = field(default_factory=dict)


def _find(kind: str, names: tuple[str, ...]) -> str:
    wanted = " -o ".join(f"-name '{name}'" for name in names)
    return f"find python -depth -type {kind} \\( {wanted} \\) -exec rm -rf {{}} +"


UV = Peer(
    name="uv",
    title="uv's Lambda guide + zip -r",
    link="https://docs.astral.sh/uv/guides/integration/aws-lambda/#deploying-a-zip-archive",
    pins=("uv==0.13.9",),
    needs=("zip",),
    reset=("packages", "package.zip"),
    script="uv pip install --no-installer-metadata --no-compile-bytecode"
    " --python-platform x86_64-manylinux2014 --python 3.12 --target packages"
    " -r requirements.txt && cd packages && zip -q -r ../package.zip .",
    result="package.zip",
)
CLASSIC = Peer(
    name="classic",
    title="classic script: pip, find, zip -9",
    link="https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html",
    pins=(PIP,),
    needs=("zip",),
    reset=("python", "layer.zip"),
    script="python -m pip install -q -r requirements.txt -t python"
    f" && {_find('d', FINDS[0])} && {_find('f', FINDS[1])} && zip -q -r -9 layer.zip python",
    result="layer.zip",
)
TEMPLATE = """AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
      CompatibleRuntimes: [python3.12]
    Metadata:
      BuildMethod: python3.12
"""
SAM_BUILD = Peer(
    name="sam",
    title="sam build + zip -r",
    link="https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-layers.html",
    pins=("aws-sam-cli==1.170.0", PIP),
    needs=("zip",),
    reset=(".aws-sam", "layer.zip"),
    script="sam build && cd .aws-sam/build/Layer && zip -q -r ../../../layer.zip .",
    result="layer.zip",
    files={"template.yaml": TEMPLATE},
    requirements="layer/requirements.txt",
    environment={"SAM_CLI_TELEMETRY": "0"},
)
SAM_CACHED = Peer(
    name="sam-cached",
    title="sam build --cached",
    link="https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-build.html",
    pins=SAM_BUILD.pins,
    script="sam build --cached",
    files=SAM_BUILD.files,
    requirements=SAM_BUILD.requirements,
    environment=SAM_BUILD.environment,
)
PEX = Peer(
    name="pex",
    title="pex",
    link="https://docs.pex-tool.org/buildingpex.html",
    pins=("pex==2.105.2",),
    reset=("layer.pex",),
    script="pex -r requirements.txt -o layer.pex",
    result="layer.pex",
)
APP = """from chalice import Chalice

app = Chalice(app_name="bench")


@app.route("/")
def index():
    return {}
"""
CHALICE = Peer(
    name="chalice",
    title="chalice package",
    link="https://aws.github.io/chalice/topics/packaging.html",
    pins=("chalice==1.34.0", PIP),
    reset=("out", ".chalice/deployments"),
    script="chalice package out",
    result="out/deployment.zip",
    files={
        "app.py": APP,
        ".chalice/config.json": '{"version": "2.0", "app_name": "bench", "stages": {"dev": {}}}',
    },
    environment={"AWS_DEFAULT_REGION": "us-east-1"},
)

WSGI = """def app(environ, start_response):
    start_response("200 OK", [])
    return []
"""
ZAPPA = Peer(
    name="zappa",
    title="zappa package, its virtual environment made",
    link="https://github.com/zappa/Zappa#package",
    pins=("zappa==0.63.0",),
    reset=("env", "package.zip"),
    script="python -m venv env && export VIRTUAL_ENV=$PWD/env PATH=$PWD/env/bin:$PATH"
    " && python -m pip install -q -r requirements.txt zappa==0.63.0"
    " && zappa package dev -o package.zip",
    result="package.zip",
    files={
        "app.py": WSGI,
        "zappa_settings.json": '{"dev": {"app_function": "app.app", "project_name": "bench",'
        ' "runtime": "python3.12", "s3_bucket": "bench"}}',
    },
    environment={"AWS_DEFAULT_REGION": "us-east-1"},
)

PEERS = (UV, CLASSIC, SAM_BUILD, SAM_CACHED, PEX, CHALICE, ZAPPA)


def ready(peer: Peer) -> None:
    """Install it into build/bench/peers/<first pin>. BuildError: what is missing here."""
    missing = [program for program in peer.needs if not shutil.which(program)]
    if missing:
        fix = f"install {' and '.join(missing)} (apt-get install {' '.join(missing)})"
        raise BuildError(f"{peer.title} cannot be run: no {', '.join(missing)} here", fix=fix)
    folder, stamp = _environment(peer), _environment(peer) / "pins"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == " ".join(peer.pins):
        return
    uv = [str(Path(sys.executable).with_name("uv")), "--quiet", "--no-config"]
    for words in (
        [*uv, "venv", "--clear", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "--python", str(folder / "bin" / "python"), *peer.pins],
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            fix = "is the package index reachable?"
            raise BuildError(f"{peer.title} cannot be installed:\n{done.stderr}", fix=fix)
    stamp.write_text(" ".join(peer.pins), encoding="utf-8")


def _environment(peer: Peer) -> Path:
    return (HERE / "peers" / peer.pins[0].replace("==", "-")).absolute()


def folder(peer: Peer, work: str) -> Path:
    return HERE / "work" / work / peer.name


def lay_out(peer: Peer, work: str, requirements: str) -> None:
    """What a run starts from: its files, and nothing that a former one made."""
    place = folder(peer, work)
    for name in peer.reset:
        gone = place / name
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink(missing_ok=True)
    for name, text in {**peer.files, peer.requirements: requirements}.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def command(peer: Peer, work: str, environment: Mapping[str, str] | None = None) -> Command:
    path = f"{_environment(peer) / 'bin'}:{os.environ['PATH']}"
    variables = {**peer.environment, **(environment or {}), "PATH": path}
    return Command(
        words=("sh", "-euc", peer.script), folder=folder(peer, work), environment=variables
    )
