"""The rows of matrix.py that only the preset `full` boots."""

from machine_test import test_classes

globals().update(test_classes(__name__, full=True))
