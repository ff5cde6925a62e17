"""Run `broadsheet` as `python -m cli`, where the script is not installed."""

from cli.start import run

run()
