from chalice import Chalice, CORSConfig
from chalicelib.schema import answer

app = Chalice(app_name="graph")
app.api.cors = CORSConfig(allow_origin="https://app.example.com", allow_headers=["X-Trace"])


@app.middleware("http")
def timed(event, get_response):
    response = get_response(event)
    response.headers["X-Trace"] = event.headers.get("x-trace", "none")
    return response


@app.route("/graphql", methods=["GET", "POST"])
def graphql():
    request = app.current_request
    asked = request.json_body if request.method == "POST" else request.query_params
    return answer((asked or {}).get("query", "{ hello }"))
