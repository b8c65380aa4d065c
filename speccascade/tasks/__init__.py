"""What the models are asked to do: texts, prompts, and how answers are scored.

- `base`: `Task` and `Example`; `translation`: the task `EndeDocs`.
- `benchmark`: public data sets, local or of TFDS: `wmt`, `summarization`.
- `foreign`: what the user registered with seqio.
- `metrics`, `rouge`: BLEU, chrF and ROUGE as sums over examples.
- `splits`: which document belongs to which split; `corpus`: the training corpus.
- `cache`, `seqio_task`: tokenisation by seqio, done once.
- `rebuild`: makes the corpus and the shipped evaluation data from Debian packages.

Nothing here imports seqio or TensorFlow before a task needs them.
"""

from speccascade.tasks.base import Example, Task
from speccascade.tasks.metrics import Bleu, Chrf, Metric
from speccascade.tasks.translation import EndeDocs

__all__ = ["Bleu", "Chrf", "EndeDocs", "Example", "Metric", "Task"]
