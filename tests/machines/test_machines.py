"""The rows of matrix.py that every run of the tests boots."""

from machine_test import test_classes

globals().update(test_classes(__name__, full=False))
