"""What a stage's IAM policies name: its bucket, layer, functions, role and secret, as ARNs."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What the statements name. `app`: Chalice's `app_name`. `roles`: ARNs of those
    that the functions have where Chalice does not make one. `others`: ARNs of the stage's other
    layers. `keys`: of the KMS keys that encrypt bucket or secret. `keeps_logs`: does Chalice set
    how long logs are kept? `writer`: as whom the stage writes to the team's store."""

    settings: Settings
    account: str
    app: str
    roles: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    keeps_logs: bool = False
    writer: str = ""

    @property
    def trusted(self) -> tuple[str, ...]:
        """Whose prefixes of the team's store the stage reads."""
        return self.settings.store_trust or (self.writer,)

    @cached_property
    def partition(self) -> str:
        return partition_of(self.settings.region)

    def arn(self, service: str, resource: str, *, account: bool = True) -> str:
        region = "" if service in ("iam", "s3") else self.settings.region
        owner = self.account if account else ""
        return f"arn:{self.partition}:{service}:{region}:{owner}:{resource}"

    def bucket(self, key: str = "") -> str:
        path = f"/{key}" if key else ""
        return self.arn("s3", f"{self.settings.bucket}{path}", account=False)

    @property
    def function(self) -> list[str]:
        """The API's, and those that the app has beside it."""
        name = f"{self.app}-{self.settings.stage}"
        return [self.arn("lambda", f"function:{each}") for each in (name, f"{name}-*")]

    @property
    def logs(self) -> list[str]:
        """The log groups of these functions. AWS writes some of their ARNs with `:*` behind."""
        names = [each.rpartition(":")[2] for each in self.function]
        groups = [f"log-group:/aws/lambda/{name}" for name in names]
        return [self.arn("logs", f"{group}{end}") for group in groups for end in ("", ":*")]

    @property
    def secret(self) -> str:
        """AWS adds a hyphen and six characters to a secret's name."""
        name = self.settings.secret
        if name.startswith("arn:"):
            return name
        return self.arn("secretsmanager", f"secret:{name}-??????")


def partition_of(region: str) -> str:
    """Of a region's ARNs, as botocore knows them: `aws`, `aws-cn`, `aws-eusc`, …"""
    fitting = (each["id"] for each in _partitions() if re.match(each["regionRegex"], region))
    return str(next(fitting, "aws"))


def is_of_aws(host: str) -> bool:
    """Endpoints of a VPC, too."""
    known = (each["outputs"] for each in _partitions())
    domains = {each[name] for each in known for name in ("dnsSuffix", "dualStackDnsSuffix")}
    return any(host.endswith(f".{each}") for each in domains)


def _partitions() -> list[Any]:
    from botocore.loaders import Loader

    found: list[Any] = Loader().load_data("partitions")["partitions"]
    return found
