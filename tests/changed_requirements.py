"""Version 1 is deployed and the requirements have changed: the case of production."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import crash_runs
from tests.crash_runs import BUCKET, COMMAND, LAYER, Ground


@dataclass(kw_only=True)
class Update:
    """`objects`: what S3 has while version 1 is deployed."""

    ground: Ground
    objects: dict[str, bytes] = field(default_factory=dict)

    def prepare(self) -> None:
        """After a first deploy: what the next one begins with, and where it should end."""
        ground = self.ground
        ground.before, s3 = ground.good["layers"], ground.aws("s3")
        for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
            answer = s3.get_object(Bucket=BUCKET, Key=each["Key"])
            self.objects[each["Key"]] = answer["Body"].read()
        ground.project.write("requirements-all.txt", "six==1.17.0\n")
        build = ground.project.doit("build", *COMMAND[1:])
        assert build.code == 0, build.output
        shutil.copytree(ground.project.path, ground.templates / "changed", symlinks=True)
        ground.measure()

    def fresh(self) -> None:
        """AWS as version 1 left it, the checkout as it is with version 2 built."""
        ground = self.ground
        functions, s3 = ground.aws("lambda"), ground.aws("s3")
        listed = functions.list_layer_versions(LayerName=LAYER)["LayerVersions"]
        for newer in sorted(each["Version"] for each in listed)[1:]:
            functions.delete_layer_version(LayerName=LAYER, VersionNumber=newer)
        functions.update_function_configuration(FunctionName="shuking-local", Layers=ground.before)
        for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
            s3.delete_object(Bucket=BUCKET, Key=each["Key"])
        for key, data in self.objects.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=data, ChecksumAlgorithm="SHA256")
        ground.lay("changed")


@contextmanager
def update(folder: Path) -> Iterator[Update]:
    with crash_runs.ground(folder) as ground:
        made = Update(ground=ground)
        made.prepare()
        yield made
