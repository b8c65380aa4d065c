"""What figures and tables call metrics and costs."""

__all__ = ["COSTS", "METRICS", "metric_label"]

METRICS = {
    "bleu": "BLEU",
    "bleu_13a": "BLEU (13a)",
    "chrf": "chrF",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "rougeLsum": "ROUGE-Lsum",
    "exact_match": "exact match",
    "em": "exact match",
    "f1": "F1",
    "pass_at_1": "pass@1",
}
COSTS = {
    "relative_latency": "Relative latency",
    "modelled_relative_latency": "Modelled relative latency",
    "rejection_rate": "Rejection rate",
    "rejections_per_token": "Rejections per token",
    "deferrals_per_token": "Deferrals per token",
    "target_calls_per_token": "Target calls per token",
}


def metric_label(name: str) -> str:
    """What the axis calls a metric; one that is not known goes by its own name."""
    return METRICS.get(name, name)
