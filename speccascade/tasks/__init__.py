"""What the models are asked to do: texts, prompts, and how answers are scored.

- `base`: `Task` and `Example`; `translation`: the task `EndeDocs`.
- `metrics`: BLEU and chrF as sums over examples.
- `coding`: tasks whose answers are programs; `code_metrics`, `sandbox`: running them.
- `benchmark`: public data sets from local files or TFDS; `math`: GSM8K; `qa` and
  `reading`: questions without and with a passage; `samples`: which rows are asked.
- `metrics`: BLEU and chrF as sums over examples; `qa_metrics`, `math_metrics`: of short
  answers and of final numbers.
- `splits`: which document belongs to which split; `corpus`: the training corpus.
- `cache`, `seqio_task`: tokenisation by seqio, done once.
- `rebuild`: makes the corpus and the shipped evaluation data from Debian packages.

Nothing here imports seqio or TensorFlow before a task needs them.
"""

from speccascade.tasks.base import Example, Task
from speccascade.tasks.metrics import Bleu, Chrf, Metric
from speccascade.tasks.translation import EndeDocs

__all__ = ["Bleu", "Chrf", "EndeDocs", "Example", "Metric", "Task"]
