"""Table of contents: what `doit` can do here. The logic is in tasks/."""

from tasks.commands.adopt_state import task_adopt_state
from tasks.commands.bench import task_bench
from tasks.commands.diff import task_diff
from tasks.commands.gc import task_gc
from tasks.commands.history import task_history
from tasks.commands.local import task_local_start, task_local_stop
from tasks.commands.lock import task_lock
from tasks.commands.plan import task_plan
from tasks.commands.report import task_report, task_report_page
from tasks.commands.rollback import task_rollback
from tasks.commands.status import task_status
from tasks.commands.test import task_test
from tasks.commands.unlock import task_unlock
from tasks.commands.unpin import task_unpin
from tasks.groups import task_build, task_deploy
from tasks.reporter import StepReporter
from tasks.steps.chalice_deploy import task_chalice_deploy
from tasks.steps.deploy_lock import task_deploy_lock
from tasks.steps.install import task_install
from tasks.steps.lookup import task_lookup
from tasks.steps.optimize import task_optimize
from tasks.steps.patch_config import task_patch_config
from tasks.steps.preflight import task_preflight
from tasks.steps.prune import task_prune
from tasks.steps.publish import task_publish
from tasks.steps.sbom import task_sbom
from tasks.steps.smoke import task_smoke
from tasks.steps.upload import task_upload
from tasks.steps.verify import task_verify
from tasks.steps.zip import task_zip

__all__ = [
    "task_adopt_state",
    "task_bench",
    "task_build",
    "task_chalice_deploy",
    "task_deploy",
    "task_deploy_lock",
    "task_diff",
    "task_gc",
    "task_history",
    "task_install",
    "task_local_start",
    "task_local_stop",
    "task_lock",
    "task_lookup",
    "task_optimize",
    "task_patch_config",
    "task_plan",
    "task_preflight",
    "task_prune",
    "task_publish",
    "task_report",
    "task_report_page",
    "task_rollback",
    "task_sbom",
    "task_smoke",
    "task_status",
    "task_test",
    "task_unlock",
    "task_unpin",
    "task_upload",
    "task_verify",
    "task_zip",
]

DOIT_CONFIG = {
    "default_tasks": ["build"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite3",
    "reporter": StepReporter,
    "verbosity": 2,
}
