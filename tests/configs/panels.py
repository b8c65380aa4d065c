"""Which pairs and tasks each experiment of the paper asks for, by its figures.

At the paper's scale (its section 5 and appendix E), and at the scale of what ships.
Tasks are named as in run directories.
"""

_T5 = [("t5_small_large", task) for task in ("wmt14_ende", "xsum", "cnn_dailymail")]
_XL = [("t5_small_xl", task) for _, task in _T5]
_TASKS = ("wmt14_ende", "gsm8k", "squad2", "webquestions", "nq_open", "triviaqa")
_27B = [("gemma2_2b_27b", task) for task in (*_TASKS, "cnn_dailymail", "mbpp")]
_9B = [("gemma2_2b_9b", task) for task in _TASKS]
_WMT, _XSUM, _CNN = _T5

_DOCS, _LEADS = ("ende_docs", "ende_docs"), ("mini_suite", "wiki_desc")
_SUITE = [
    ("mini_suite_gemma", task)
    for task in ("wiki_desc", "word_problems", "small_functions", "wiki_qa")
]
_GEMMA = [("ende_docs_gemma", "ende_docs"), *_SUITE]
_SHORT = [one for one in _27B if one[1] not in ("squad2", "triviaqa", "mbpp")]

# Name: (panels at the paper's scale, panels at mini scale).
PANELS = {
    "fig1": ([_WMT, ("t5_base_large", "xsum")], [_DOCS, _LEADS]),
    "fig2": ([_WMT, _CNN], [_DOCS, _LEADS]),
    "fig3": ([*_SHORT, ("gemma2_2b_27b_pt", "mbpp")], _GEMMA),
    "fig4": ([_XSUM, *_XL], [_DOCS, _LEADS]),
    "fig5": ([*_T5, *_XL[:2]], [_DOCS, _LEADS]),
    "fig6": (_T5, [_DOCS, _LEADS]),
    "fig7": (_T5, [_DOCS, _LEADS]),
    "fig8_bild": ([_WMT], [_DOCS]),
    "fig8_lossy_star": ([_WMT, _XSUM], [_DOCS, _LEADS]),
    "fig9": (_T5, [_DOCS, _LEADS]),
    "fig10": (_27B, _GEMMA),
    "fig11": (_9B, [_GEMMA[0], _SUITE[1], _SUITE[3]]),
    "table2": ([*_T5, *_XL], [_DOCS, _LEADS]),
    "top_p": (_T5, [_DOCS, _LEADS]),
    "blog_curves": (
        [("gemma2_2b_27b", "gsm8k"), ("gemma2_2b_27b", "cnn_dailymail")],
        [_SUITE[0], _SUITE[1]],
    ),
}
