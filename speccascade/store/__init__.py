"""What is on disk: run directories, units of work, and the summary derived from them.

- `RunDirectory`: the folder of one run; `find_runs`: all of them under a root.
- `Record`, `LatencyRecord`, `Coordinates`, `Settings`: what its lines hold.
- `plan_units`, `PlannedExample`, `Unit`: what a job asks for, cut into units.
- `run_key`, `RESULTS_VERSION`: which results may stand side by side.
- `summarise`: the numbers of a run.

Importing this part imports numpy, not JAX: reading a store is quick.
"""

from speccascade.store.identity import RESULTS_VERSION, run_key
from speccascade.store.records import Coordinates, LatencyRecord, Record, Settings
from speccascade.store.run_directory import RunDirectory, find_runs
from speccascade.store.status import RunStatus
from speccascade.store.summary import summarise
from speccascade.store.units import PlannedExample, Unit, plan_units

__all__ = [
    "RESULTS_VERSION",
    "Coordinates",
    "LatencyRecord",
    "PlannedExample",
    "Record",
    "RunDirectory",
    "RunStatus",
    "Settings",
    "Unit",
    "find_runs",
    "plan_units",
    "run_key",
    "summarise",
]
