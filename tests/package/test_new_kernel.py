"""tools/new-kernel makes a project that builds, runs and tests, here with an installed Firstlight; its README's
tutorial runs as printed."""

import json
import os
import shutil
import unittest

import tutorial
from consumer import SOURCE, run_command
from harness.environment import skip_without
from tutorial import NEW_KERNEL


class Installed(tutorial.NewKernelTest):
    def test_tutorial(self):
        project = self.make_project(self.install() / "bin" / "firstlight-new-kernel")
        self.assertGreater(self.follow(project), 15)
        self.check_launch(project)

    def check_launch(self, project):
        """What Visual Studio Code would have gdb do, by .vscode/launch.json."""
        skip_without("gdb")
        with open(os.path.join(project, ".vscode", "launch.json"), encoding="utf-8") as file:
            text = file.read().replace("${workspaceFolder}", project)
        commands = [entry["text"] for entry in
                    json.loads(text)["configurations"][0]["customLaunchSetupCommands"]]
        arguments = [part for command in (*commands, "continue", "kill") for part in ("-ex", command)]
        done = run_command("gdb", "-nx", "-batch", *arguments, cwd=project)
        self.assertRegex(done.stdout, r"Breakpoint \d+, _start \(\)")


class NewKernel(tutorial.NewKernelTest):
    """The program itself."""

    def refused(self, *arguments):
        done = self.new_kernel(NEW_KERNEL, *arguments)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
        return done.stdout

    def test_refuses_a_folder_with_something_in_it(self):
        os.mkdir(os.path.join(self.folder, "full"))
        path = os.path.join(self.folder, "full", "main.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write("mine")
        self.assertIn("not empty", self.refused("full"))
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")
        self.assertEqual(os.listdir(os.path.dirname(path)), ["main.c"])

    def test_refuses_a_file(self):
        with open(os.path.join(self.folder, "file"), "w", encoding="utf-8"):
            pass
        self.assertIn("no folder", self.refused("file"))

    def test_refuses_a_name_that_is_no_projects(self):
        for name in ("1st", "two words", "semi;colon", "$HOME", "a.b"):
            self.assertIn("a project's name", self.refused(name))
        self.assertEqual(os.listdir(self.folder), [])

    def test_usage(self):
        for arguments in ((), ("",), ("a", "b"), ("--unknown",)):
            done = self.new_kernel(NEW_KERNEL, *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage: new-kernel", done.stdout)

    def test_help(self):
        done = self.new_kernel(NEW_KERNEL, "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("new-kernel DIRECTORY", done.stdout)

    def test_nothing_is_left_to_fill_in(self):
        """Every place in the template has its text, and the JSON files are such, whatever the path."""
        sources = os.path.join(self.folder, 'so "urces" & \\more|')
        os.makedirs(os.path.join(sources, "tools"))
        shutil.copytree(os.path.join(SOURCE, "tools", "template"),
                        os.path.join(sources, "tools", "template"))
        shutil.copy(NEW_KERNEL, os.path.join(sources, "tools"))
        shutil.copy(os.path.join(SOURCE, "CMakeLists.txt"), sources)
        project = self.make_project(os.path.join(sources, "tools", "new-kernel"))
        files = [os.path.join(folder, name) for folder, _, names in os.walk(project)
                 for name in names]
        self.assertGreaterEqual(len(files), 7)
        for path in files:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertNotRegex(text, "@[A-Z_]+@", path)
            if path.endswith(".json"):
                json.loads(text)
        with open(os.path.join(project, "CMakePresets.json"), encoding="utf-8") as file:
            preset = json.load(file)["configurePresets"][0]
        self.assertEqual(preset["cacheVariables"]["FIRSTLIGHT_SOURCES"], sources)


if __name__ == "__main__":
    unittest.main()
