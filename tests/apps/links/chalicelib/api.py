from chalice import Blueprint

from .store import LINKS

api = Blueprint(__name__)


@api.route("/links", cors=True)
def links():
    return LINKS


@api.route("/links/{name}", methods=["PUT", "DELETE"], cors=True, api_key_required=True)
def change(name):
    if api.current_request.method == "DELETE":
        LINKS.pop(name, None)
    return {"name": name}
