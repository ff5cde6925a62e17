"""The folder of a static site: what lies in it, and what was published when."""
