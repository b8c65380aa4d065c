"""What the models are asked to do: texts, prompts, and how answers are scored.

- `base`: `Task` and `Example`; `translation`: the task `EndeDocs`.
- `mini`: the small tasks of the other families, which ship.
- `benchmark`: public data sets from local files or TFDS; `samples`: which rows are
  asked; `wmt`, `summarization`, `math`, `coding`, `qa` and `reading`: the data sets.
- `metrics`: BLEU and chrF as sums over examples; `rouge`, `qa_metrics`, `math_metrics`,
  `code_metrics` likewise; `sandbox`: runs programs that a model wrote.
- `foreign`: what the user registered with seqio.
- `splits`: which document belongs to which split; `corpus`: the training corpus.
- `cache`, `seqio_task`: tokenisation by seqio, done once.
- `rebuild`: makes the corpus and the shipped evaluation data from Debian packages.

Nothing here imports seqio or TensorFlow before a task needs them.
"""

from speccascade.tasks.base import Example, Task
from speccascade.tasks.metrics import Bleu, Chrf, Metric
from speccascade.tasks.translation import EndeDocs

__all__ = ["Bleu", "Chrf", "EndeDocs", "Example", "Metric", "Task"]
