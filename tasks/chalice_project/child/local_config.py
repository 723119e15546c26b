"""stage=local: what config.json names of an account, and the emulator has no use for, is left
out, and said."""

from typing import Any

# {of Chalice's Config: (what it is here, what is said)}
HERE: dict[str, tuple[object, str]] = {
    "manage_iam_role": (True, "the emulator has no role of an account's: one is made there"),
    "api_gateway_custom_domain": (None, "the emulator has no domain of yours: it is left out"),
    "websocket_api_custom_domain": (
        None,
        "the emulator has no domain of yours: it is left out",
    ),
}


def apply() -> None:
    """Change Chalice in this process."""
    from chalice import policy
    from chalice.config import Config

    for name in HERE:
        setattr(Config, name, property(_here(name, getattr(Config, name))))
    setattr(policy, "policy_from_source_code", _unless_broken(policy.policy_from_source_code))  # noqa: B010 - mypy refuses the plain form


def _unless_broken(read: Any) -> Any:
    """Chalice reads which permissions the app's code needs. Where it cannot, nobody asks here."""

    def policy(source: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = read(source)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            print(
                f"Chalice cannot read which permissions app.py needs ({why}): on a real stage set "
                "`autogen_policy` to false and `iam_policy_file`",
                flush=True,
            )
            return {"Version": "2012-10-17", "Statement": []}
        return found

    return policy


def _here(name: str, configured: Any) -> Any:
    value, sentence = HERE[name]
    said: list[str] = []

    def read(self: Any) -> object:
        if configured.fget(self) not in (value, None) and not said:
            said.append(name)
            print(f"{name} of config.json: {sentence}", flush=True)
        return value

    return read
