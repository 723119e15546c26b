"""λ-trim's app: pages and documents read, checked and changed.

After https://lxml.de/tutorial.html
"""

import requests
from lxml import etree, html, isoschematron
from lxml.cssselect import CSSSelector

page = html.fromstring("<p>one <a href='/x'>two</a><p>three")
page.make_links_absolute("http://localhost/")
print(html.tostring(page), [each for *_, each, _ in page.iterlinks()])
print([each.text for each in CSSSelector("p > a")(page)])
schema = etree.RelaxNG(
    etree.XML('<element name="a" xmlns="http://relaxng.org/ns/structure/1.0"><text/></element>')
)
print(schema.validate(etree.XML("<a>x</a>")), schema.validate(etree.XML("<b/>")))
rules = etree.XML(
    '<schema xmlns="http://purl.oclc.org/dsdl/schematron"><pattern><rule context="a">'
    '<assert test="b">no b</assert></rule></pattern></schema>'
)
print(isoschematron.Schematron(rules).validate(etree.XML("<a/>")))
print(
    requests.Request("GET", "http://localhost", params={"a": "ü"}).prepare().url,
    requests.certs.where()[-10:],
)
