"""Runs and leases."""
