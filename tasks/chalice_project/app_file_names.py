"""What Chalice calls an app's own files, and packs of its folder into the function."""

from pathlib import Path

APP, LIBRARY, VENDOR = Path("app.py"), Path("chalicelib"), Path("vendor")
PACKED = tuple(map(str, (APP, LIBRARY, VENDOR)))
# Its own modules, as it imports them.
MODULES = (APP.stem, LIBRARY.name)
