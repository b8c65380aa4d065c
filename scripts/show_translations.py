"""Prints both models' greedy translations beside the references, as a Markdown table.

    python scripts/show_translations.py [COUNT] [key=value ...]

The first COUNT (20) test sentences, not chosen; reads what
`speccascade run -m experiment=pair_gap` left in the store.
"""

import sys

from speccascade.cli.build import job_spec
from speccascade.cli.compose import Words, sweep
from speccascade.cli.stored import stored_run
from speccascade.errors import UserError
from speccascade.jobs.loaded import LoadedJob

if __name__ == "__main__":
    arguments = sys.argv[1:]
    count = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 20
    specs = [
        job_spec(config)
        for config in sweep(Words(names=(), overrides=tuple(arguments)), "pair_gap")
    ]
    written: dict[str, dict[int, str]] = {}
    for spec in specs:
        run = stored_run(spec)
        if run is None:
            raise UserError("Run `speccascade run -m experiment=pair_gap` first.")
        if spec.sampling.temperature == 0:
            written[spec.method.name] = {
                record.example: record.prediction
                for record in run.records()
                if record.coordinates.temperature == 0
            }
    print("| id | English | drafter | target | reference |\n|---|---|---|---|---|")
    for example in LoadedJob.of(specs[0]).examples[:count]:
        texts = [
            example.source,
            written["drafter"][example.id],
            written["target"][example.id],
            example.reference,
        ]
        cells = [str(example.id), *(text.replace("|", "\\|") for text in texts)]
        print(f"| {' | '.join(cells)} |")
