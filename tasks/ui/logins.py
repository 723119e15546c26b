"""Logins in addresses (`https://USER:PASSWORD@HOST`): which part of one nobody may see.

The secret may stand in either place. GitHub documents `TOKEN:x-oauth-basic@`, packagecloud
`TOKEN:@`, Gemfury `TOKEN@` and `TOKEN:NOPASS@`.
"""

import re

# Up to the last @ before the path, as pip and uv read it: a password may have one, too.
_LOGIN = re.compile(r"://([^/\s?#]*)@")
_FILLED_IN = re.compile(r"(\$\{\w+\})+")  # by pip and uv
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(gh[pousr]_|github_pat_|glpat-|pypi-AgE)[\w-]{16,}")
# In the place of the password, where the other one is the secret.
_PLACEHOLDERS = {"", "x", "x-oauth-basic", "nopass"}
# In the place of the user, as these services document it. They open nothing.
_NAMES = {
    "git", "hg", "svn", "user", "username", "token", "anonymous", "aws", "oauth2", "__token__",
    "x-access-token", "x-token-auth", "gitlab-ci-token", "oauth2accesstoken", "_json_key",
    "_json_key_base64", "vsssessiontoken",
}  # fmt: skip
_LONG = 16  # characters: a user's name may be as long, a token is


def of(text: str) -> list[str]:
    """All that stand in it, as they are written."""
    return _LOGIN.findall(text)


def secrets(login: str) -> set[str]:
    """What of it must not be printed."""
    user, _, password = login.partition(":")
    hides_user = password.lower() in _PLACEHOLDERS or may_be_token(user)
    return ({password} | ({user} if hides_user else set())) - {""} - _NAMES


def may_be_token(user: str) -> bool:
    """And no name? One that is an e-mail address opens nothing."""
    if user.lower() in _NAMES or "@" in user or "%40" in user:
        return False
    return len(user) >= _LONG or bool(_TOKEN.search(user))


def are_open(text: str) -> bool:
    """Does a line hold a password or token? What is written `${NAME}` is no such one. A name alone
    (`git@`, `bob@`) and an SSH user open nothing."""
    found = [(match[1], text[: match.start()].endswith("ssh")) for match in _LOGIN.finditer(text)]
    return bool(_TOKEN.search(text)) or any(_is_open(*each) for each in found)


def _is_open(login: str, is_ssh: bool) -> bool:
    user, colon, password = login.partition(":")
    if password.lower() not in _PLACEHOLDERS and not _FILLED_IN.fullmatch(password):
        return True
    if _FILLED_IN.fullmatch(user) or user.lower() in _NAMES or is_ssh:
        return False
    is_alone = bool(colon) and password.lower() in _PLACEHOLDERS
    return is_alone or may_be_token(user)
