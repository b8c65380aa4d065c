"""Prints both models' greedy translations beside the references, as a Markdown table.

    python scripts/show_translations.py [COUNT] [key=value ...]

The first COUNT (20) test sentences, not chosen; reads what
`speccascade run -m experiment=pair_gap` left in the store.
"""

import sys

from speccascade.cli.compose import Words
from speccascade.cli.figures import stored_jobs
from speccascade.errors import UserError

if __name__ == "__main__":
    arguments = sys.argv[1:]
    count = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 20
    jobs = stored_jobs(Words(names=(), overrides=tuple(arguments)), "pair_gap")
    written: dict[str, dict[int, str]] = {}
    for job in jobs:
        if job.run is None:
            raise UserError("Run `speccascade run -m experiment=pair_gap` first.")
        if job.spec.sampling.temperature == 0:
            written[job.spec.method.name] = {
                record.example: record.prediction
                for record in job.run.records()
                if record.coordinates.temperature == 0
            }
    print("| id | English | drafter | target | reference |\n|---|---|---|---|---|")
    for example in jobs[0].job.examples[:count]:
        texts = [
            example.source,
            written["drafter"][example.id],
            written["target"][example.id],
            example.reference,
        ]
        cells = [str(example.id), *(text.replace("|", "\\|") for text in texts)]
        print(f"| {' | '.join(cells)} |")
