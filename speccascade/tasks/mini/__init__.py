"""The mini suite: four small tasks that ship, beside `ende_docs` for translation.

- `wiki`, `wiki_questions`: summarization and question answering on Wikipedia leads.
- `word_problems`, `small_functions`: math and coding, made to order.
- `suite`: the tasks, and the mixture that multi-task models train on.
- `sums`, `beside`: what is reported beside the math of the suite.
"""
