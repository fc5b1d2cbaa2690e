"""A project that tools/new-kernel makes, and its README's tutorial, with Firstlight's sources: loader and tool
are built along with the kernel."""

import unittest

import tutorial


class Sources(tutorial.NewKernelTest):
    def test_tutorial(self):
        project = self.make_project(tutorial.NEW_KERNEL)
        self.assertGreater(self.follow(project), 15)


if __name__ == "__main__":
    unittest.main()
