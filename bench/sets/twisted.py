"""A protocol against a transport of its test helpers, plugins, a template.

After https://docs.twisted.org/en/stable/core/howto/servers.html
"""

from twisted.application.internet import TimerService
from twisted.internet.protocol import Factory
from twisted.plugin import IPlugin, getPlugins
from twisted.protocols.basic import LineReceiver
from twisted.test import proto_helpers
from twisted.web.template import Element, XMLString, flattenString, renderer


class Echo(LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line.upper())


made = Factory.forProtocol(Echo).buildProtocol(None)
transport = proto_helpers.StringTransport()
made.makeConnection(transport)
made.dataReceived(b"one\r\ntwo\r\n")
print(transport.value(), TimerService(1, print).name)
print(sorted(str(type(each)) for each in getPlugins(IPlugin)))


class Page(Element):
    loader = XMLString(
        '<p xmlns:t="http://twistedmatrix.com/ns/twisted.web.template/0.1" t:render="x"/>'
    )

    @renderer
    def x(self, request, tag):
        return tag("text")


flattenString(None, Page()).addCallback(print)
