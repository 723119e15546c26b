import logging
import os

from bs4 import BeautifulSoup
from chalice import Chalice, Cron, Rate

app = Chalice(app_name="daily_digest")
app.log.setLevel(logging.INFO)
PAGE = "<ul><li>one</li><li>two</li></ul>"


@app.schedule(Cron(0, 7, "?", "*", "MON-FRI", "*"), name="morning")
def morning(event):
    items = [each.text for each in BeautifulSoup(PAGE, "html.parser").find_all("li")]
    app.log.info("%s to %s", items, os.environ["MAIL_TO"])
    return items


@app.schedule(Rate(15, unit=Rate.MINUTES))
def beat(event):
    return event.to_dict()["source"]
