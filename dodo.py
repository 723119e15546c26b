"""What `doit` can do here: the table of contents is tasks/contents.py, and after it comes what the
tool's own development needs."""

from tasks import contents
from tasks.commands import bench, dist, docs, test

DOIT_CONFIG = contents.DOIT_CONFIG
commands = contents.Commands(test.task_test, bench.task_bench, docs.task_docs, dist.task_dist)
