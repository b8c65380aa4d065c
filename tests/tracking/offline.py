"""A made-up summary, and what wandb itself reads from the files of an offline run."""

import json
import subprocess
import sys
from pathlib import Path

from speccascade.tracking import WandbMirror

KEY = "0123456789ab"


def point(threshold, bleu, temperature=1.0):
    return {
        "threshold": threshold,
        "temperature": temperature,
        "top_k": 0,
        "top_p": 1.0,
        "min_p": 0.0,
        "seeds": [0],
        "n": 8,
        "rows": 8,
        "quality": {"bleu": bleu, "chrf": bleu + 20},
        "counters": {"accepted": 60, "resampled": 20, "deferred": None},
        "ratios": {"rejection_rate": 0.25, "deferral_rate": None},
    }


def timing(threshold, relative):
    return {
        "host": "h",
        "device": "d",
        "threshold": threshold,
        "temperature": 1.0,
        "top_k": 0,
        "top_p": 1.0,
        "min_p": 0.0,
        "n": 2,
        "repeats": 1,
        "highest_load": 0.5,
        "relative_latency": relative,
        "seconds_per_token": 0.01,
        "target_seconds_per_token": 0.02,
        "length_ratio": 1.0,
    }


SUMMARY = {
    "identity": {"gamma": 5, "results_version": 1},
    "headline": "bleu",
    "points": [point("-inf", 20.0), point(0.25, 22.0), point("inf", 15.0)],
    "latency": [timing("-inf", 0.9), timing(0.25, 0.7), timing("inf", 0.4)],
}


def mirror(tmp_path, **fields):
    return WandbMirror(directory=str(tmp_path / "results"), **fields)


def offline_runs(tmp_path) -> list[Path]:
    return sorted((tmp_path / "results").glob("wandb/offline-run-*"))


def inspected(folder: Path, *flags: str) -> list[dict]:
    """What wandb itself reads from the binary file of an offline run."""
    (file,) = folder.glob("*.wandb")
    done = subprocess.run(
        [sys.executable, "-m", "wandb", "leet", "inspect", *flags, "--json", str(file)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
