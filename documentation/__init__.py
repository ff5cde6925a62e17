"""The documentation's site: the pages of `docs/`, reference pages made from the code, and pictures of real output.

`python -m documentation` builds it into `build/documentation/site/`. Nothing here is installed with the package.
"""
