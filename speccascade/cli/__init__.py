"""The `speccascade` command; the only place that imports Hydra."""
