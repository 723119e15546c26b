"""Spans, propagators and exporters that are found by entry points.

After https://opentelemetry.io/docs/languages/python/getting-started/
"""

from importlib.metadata import entry_points

from opentelemetry import propagate, trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)
RequestsInstrumentor().instrument()
with trace.get_tracer("x").start_as_current_span("one") as span:
    span.set_attribute("a", 1)
print([(each.name, dict(each.attributes)) for each in memory.get_finished_spans()])
print(sorted(propagate.get_global_textmap().fields))
for group in (
    "opentelemetry_traces_exporter",
    "opentelemetry_instrumentor",
    "opentelemetry_context",
):
    print(group, sorted((each.name, bool(each.load())) for each in entry_points(group=group)))
