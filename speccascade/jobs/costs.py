"""What a row cost and whether it was cut off: a job can tell, a record cannot."""

import dataclasses
import functools
from collections.abc import Mapping

from speccascade.curves import RowCost
from speccascade.engine.counters import emitted
from speccascade.engine.flops import row_flops
from speccascade.engine.request import Execution
from speccascade.jobs.loaded import LoadedJob
from speccascade.models.interface import CountsFlops
from speccascade.store import Record


@dataclasses.dataclass(frozen=True, eq=False)
class Costs:
    """Costs of a job's records; call it with one of them."""

    job: LoadedJob

    def __call__(self, record: Record) -> RowCost:
        drafter, target = self.job.pair.drafter, self.job.pair.target
        limit, flops = self.job.spec.task.max_new_tokens, None
        if isinstance(drafter, CountsFlops) and isinstance(target, CountsFlops):
            flops = row_flops(
                self._execution,
                drafter,
                target,
                record.counters,
                prompt_slots=self._buckets[record.example],
                max_new_tokens=limit,
            )
        return RowCost(at_limit=emitted(record.counters) == limit, flops=flops)

    @functools.cached_property
    def _execution(self) -> Execution:
        return self.job.execution

    @functools.cached_property
    def _buckets(self) -> Mapping[int, int]:
        return {one.id: self.job.bucket(one) for one in self.job.examples}
