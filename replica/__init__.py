"""A replica of the publisher's site on loopback, made from `seeds/`, for the demo, the tests and the benchmarks.

It serves the publisher's own URLs and knows, for each of its pages, the record that a perfect reader makes of it.
It imports no other package of the project, so it cannot repeat (and hide) the pipeline's mistakes.
"""
