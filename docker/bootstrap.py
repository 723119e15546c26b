"""How Lambda's Python runtime begins: sets sys.path, then hands over to its client, awslambdaric.

    bootstrap.py [OPT]    OPT: where the layers are, /opt unless it is said

Does what /var/runtime/bootstrap.py of Lambda's image does, in its order: the client is imported
first, then come the function's folder and the layers, `.pth` files in them included. For a machine
without that image, and for the image that stands in for it in tests.
"""

import os
import site
import sys

import awslambdaric.__main__ as awslambdaricmain  # tracers look for it by this name


def main(opt: str = "/opt") -> None:
    task = os.environ["LAMBDA_TASK_ROOT"]
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    layers = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    if "PYTHONPATH" in os.environ:  # the function's own: then the layers are left to it
        layers = []
    elif not sys.flags.no_site:
        sys.path.insert(0, f"{sys.prefix}/lib/{version}/site-packages")
    if sys.flags.no_site:  # on a machine whose own packages are not to be seen
        site.setquit()
    sys.path[:0] = [task, *layers]
    for folder in (task, *layers):
        site.addsitedir(folder)
    os.environ.setdefault("PYTHONPATH", os.environ["LAMBDA_RUNTIME_DIR"])
    awslambdaricmain.main([task, os.environ["_HANDLER"]])


if __name__ == "__main__":
    main(*sys.argv[1:])
