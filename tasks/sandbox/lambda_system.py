"""What a function finds of Lambda's system that another machine or image has otherwise: its user,
which programs there are, and /etc.

Sources: the user as error reports show it (`sbx_user1051:x:993:990::/home/sbx_user1051`), the other
users those of Amazon Linux's package `setup`. Programs: those of the packages of
public.ecr.aws/lambda/python:3.12 that have some: `alternatives bash ca-certificates
coreutils-single curl-minimal gawk glibc glibc-common gnupg2-minimal grep microdnf p11-kit-trust rpm
sed` (`rpm -qa` in amazonlinux/amazon-linux-2023#585). For Amazon Linux 2 what
docker-library/repo-info lists beyond these. Of /etc: what these packages and `setup` bring of files
that programs read. For os-release:
https://docs.aws.amazon.com/linux/al2023/ug/naming-and-versioning.html.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..requirements.tags import AL2

# In a container the Runtime API has Lambda's port, and the user's processes are the function's.
RUNTIME_API = {"docker": {"port": 9001, "processes": 1024}, "host": {"port": 0, "processes": 0}}
UID, GID = "993", "990"
HOSTNAME = "169.254.76.1"  # an address, which needs no name server (newrelic-ruby-agent#697)
HOME = "/home/sbx_user1051"  # it is not there, and cannot be made
PASSWD = f"""\
root:x:0:0:root:/root:/bin/bash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin
sbx_user1051:x:{UID}:{GID}::{HOME}:/sbin/nologin
"""
# Of this machine, what its Python and libraries need, and lists that are the same everywhere. Of
# /etc/ssl and /etc/pki certificates alone: Red Hat's have keys of the subscription beside them.
OF_THE_MACHINE = (
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf",
    "pki/tls/certs", "pki/tls/cert.pem", "pki/tls/openssl.cnf", "pki/ca-trust/extracted",
    "crypto-policies", "resolv.conf", "protocols", "services",
)  # fmt: skip
ETC = Path("/etc")
_KEYS = (".key", ".p12", ".pfx", ".jks")  # files that hold one
CERTIFICATES = "ca-certificates.crt"  # Debian's name for all of them in one file
NSSWITCH = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n"
_NAMES = {"2": ("Amazon Linux", "Amazon Linux 2"), "2023": ("Amazon Linux", "Amazon Linux 2023")}
GROUP = "root:x:0:\nbin:x:1:\ndaemon:x:2:\nnobody:x:65534:\n"
FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_COREUTILS = (
    "[ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp "
    "csplit cut date dd df dir dircolors dirname du echo env expand expr factor false fmt fold "
    "groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv "
    "nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink "
    "realpath rm rmdir runcon seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep "
    "sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort "
    "tty uname unexpand uniq unlink users vdir wc who whoami yes"
)
_OTHERS = (
    "alternatives awk bash curl egrep fgrep gawk gencat getconf getent gpg gpg-agent gpgconf gpgv "
    "grep iconv ldconfig ldconfig.real ldd locale localedef microdnf pldd rpm sed sh tzselect "
    "update-alternatives update-ca-trust zdump"
)
_AL2 = "cmp cpio diff diff3 find sdiff xargs yum"


def programs(python: str) -> frozenset[str]:
    """Names of those that the image of that Python has."""
    names = f"{_COREUTILS} {_OTHERS}" + f" {_AL2}" * (python in AL2)
    return frozenset(names.split())


def lay_out(folder: Path, interpreter: str, python: str) -> None:
    """For a job on this machine, `folder` gets `passwd`. `bin`, copies of the machine's programs
    that Lambda has, too. And `lang`, Lambda's /var/lang/bin."""
    if folder.exists():
        return
    for name in ("bin", "lang"):
        (folder / name).mkdir(parents=True)
    _lay_out_etc(folder / "etc", python)
    for name in programs(python):
        if found := shutil.which(name, path=":".join(FOLDERS)):
            shutil.copy(found, folder / "bin" / name)
    for path in interpreters(interpreter):  # what is seen there is this machine's
        (folder / "bin" / path.name).touch()
    for name in ("python3", f"python{python}"):
        start = folder / "lang" / name
        start.write_text(f'#!/bin/sh\nexec "{interpreter}" -S "$@"\n', encoding="utf-8")
        start.chmod(0o755)


def _lay_out_etc(etc: Path, python: str) -> None:
    etc.mkdir()
    version = "2" if python in AL2 else "2023"
    name, pretty = _NAMES[version]
    release = {"NAME": name, "VERSION": version, "ID": "amzn", "ID_LIKE": "centos rhel fedora",
               "VERSION_ID": version, "PRETTY_NAME": pretty}  # fmt: skip
    made = {
        "passwd": PASSWD,
        "group": GROUP,
        "nsswitch.conf": NSSWITCH,
        "hosts": "127.0.0.1 localhost localhost.localdomain\n",
        "os-release": "".join(f'{key}="{value}"\n' for key, value in release.items()),
        "system-release": f"Amazon Linux release {version}\n",
    }
    for name, text in made.items():
        (etc / name).write_text(text, encoding="utf-8")
    for name in OF_THE_MACHINE:
        with suppress(OSError, shutil.Error):  # one that only root may read
            _copy(ETC / name, etc / name)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=_private)
    elif source.exists() and not _is_key(source):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _private(folder: str, names: list[str]) -> list[str]:
    """Not to be copied: keys, wherever somebody put them."""
    return [name for name in names
            if name in ("private", CERTIFICATES) or _is_key(Path(folder, name))]  # fmt: skip


def _is_key(path: Path) -> bool:
    """One that cannot be read is none that could be copied."""
    if path.name.endswith(_KEYS):
        return True
    with suppress(OSError):
        return path.is_file() and b"PRIVATE KEY-----" in path.read_bytes()
    return False


def hidden() -> list[Path]:
    """Folders of programs on this machine. Where one is a link to another, once."""
    return sorted({Path(path).resolve() for path in FOLDERS if Path(path).is_dir()})


def interpreters(interpreter: str) -> Iterator[Path]:
    """Files in these folders without which that Python does not start."""
    path = Path(interpreter)
    while True:
        if path.parent.resolve() in hidden():
            yield path.parent.resolve() / path.name
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()
