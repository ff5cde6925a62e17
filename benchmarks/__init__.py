"""Benchmarks of speed and memory, as ratios measured side by side in one run, so that noise affects both sides."""
