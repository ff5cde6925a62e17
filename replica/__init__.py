"""A small stand-in of the publisher's site on loopback, made from `seeds/`: for the demo, the tests and the benchmarks.

It speaks the publisher's own addresses and knows, for each of its pages, the record that a perfect reader makes of it.
It imports no other room, so that a mistake there cannot hide here.
"""
