"""Speed and memory, as ratios measured side by side in one run: a machine's noise touches both sides."""
