from pathlib import Path

from chalice import Blueprint, NotFoundError, Response
from jinja2 import Environment, FileSystemLoader

from .store import LINKS

pages = Blueprint(__name__)
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)


@pages.route("/")
def index():
    page = TEMPLATES.get_template("index.html").render(links=LINKS)
    return Response(page, headers={"Content-Type": "text/html; charset=utf-8"})


@pages.route("/{name}")
def follow(name):
    if name not in LINKS:
        raise NotFoundError(name)
    return Response("", status_code=302, headers={"Location": LINKS[name]})
