"""Prints what one call of each model costs here: `profile_pair.py [key=value ...]`.

The overrides are those of `speccascade run`; gamma is the method's.
"""

import dataclasses
import sys

from speccascade.cli.build import job_spec
from speccascade.cli.compose import Words, one_job
from speccascade.engine import PairParams
from speccascade.engine.batch import RowRequest, make_batch
from speccascade.jobs.loaded import LoadedJob
from speccascade.latency import host_lock, profile_components, this_host

if __name__ == "__main__":
    words = Words(names=(), overrides=("method=lossless", *sys.argv[1:]))
    job = LoadedJob.of(job_spec(one_job(words)))
    example = job.examples[0]
    request = RowRequest(tokens=example.tokens, example=example.id)
    prompts, rows = make_batch([request], job.bucket(example), 1)
    pair = job.pair
    with host_lock():
        profile = profile_components(
            pair.drafter,
            pair.target,
            PairParams(drafter=pair.drafter_params, target=pair.target_params),
            prompts,
            rows,
            gamma=job.spec.method.gamma,
            mask=pair.mask,
        )
    print(*this_host())
    for name, value in dataclasses.asdict(profile).items():
        print(f"{name:20} {value:.3f}" if name.endswith("ms") else f"{name:20} {value}")
