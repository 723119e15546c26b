from chalice import Chalice
from chalicelib.api import api
from chalicelib.pages import pages

app = Chalice(app_name="links", debug=True)
app.register_blueprint(pages)
app.register_blueprint(api, url_prefix="/api")
