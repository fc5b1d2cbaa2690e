"""Runs disk images in emulators and judges how each run ended. Used by every test under tests/ that
boots something; tests/harness/test_harness.py tests it."""
