"""Run `broadsheet` as `python -m cli`, where the script is not installed."""

from cli.main import run

run()
