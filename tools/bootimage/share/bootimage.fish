# Completion of bootimage's command line for fish, installed in fish/vendor_completions.d.
# tests/commands/test_shell_and_manual.py compares it with the program's help.

set -l commands create inspect verify extract convert run test timeline write
set -l none "not __fish_seen_subcommand_from $commands help"

complete -c bootimage -f -n $none -a create -d 'make an image of a kernel'
complete -c bootimage -f -n $none -a inspect -d 'show what is in an image, and how it will boot'
complete -c bootimage -f -n $none -a verify -d 'check every byte of an image'
complete -c bootimage -f -n $none -a extract -d 'take parts out of an image'
complete -c bootimage -f -n $none -a convert -d 'make a VHD, VMDK or ISO of an image'
complete -c bootimage -f -n $none -a run -d 'boot an image in QEMU'
complete -c bootimage -f -n $none -a test -d 'boot an image in QEMU, and check how that went'
complete -c bootimage -f -n $none -a timeline -d 'draw how long each step of a boot took'
complete -c bootimage -f -n $none -a write -d 'write an image to a USB stick or another disk'
complete -c bootimage -f -n $none -a help -d 'show help'
complete -c bootimage -n $none -l version -d 'show the version'
complete -c bootimage -f -n '__fish_seen_subcommand_from help' -a "$commands"

complete -c bootimage -s h -l help -d 'show help'
complete -c bootimage -n "__fish_seen_subcommand_from $commands" -l color -x -a 'auto always never' -d 'colour what is printed'

complete -c bootimage -n '__fish_seen_subcommand_from create' -l kernel -r -F -d 'the kernel'
complete -c bootimage -n '__fish_seen_subcommand_from create' -l output -r -F -d 'the image to make'
complete -c bootimage -n '__fish_seen_subcommand_from create' -l cmdline -x -d 'command line of the kernel'
complete -c bootimage -n '__fish_seen_subcommand_from create' -l module -r -F -d 'NAME=FILE, a file for the kernel'
complete -c bootimage -n '__fish_seen_subcommand_from create' -l module-cmdline -x -d 'command line of the module before it'
complete -c bootimage -n '__fish_seen_subcommand_from create' -l no-symbols -d 'leave the names of functions out'
complete -c bootimage -n '__fish_seen_subcommand_from create' -l compress -x -a 'auto none lz4' -d 'store kernel and modules compressed'
complete -c bootimage -n '__fish_seen_subcommand_from create' -l format -x -a 'raw vhd vmdk iso' -d 'format of the image'

complete -c bootimage -n '__fish_seen_subcommand_from inspect' -l json -d 'print JSON'

complete -c bootimage -n '__fish_seen_subcommand_from extract' -l kernel -r -F -d 'write the kernel'
complete -c bootimage -n '__fish_seen_subcommand_from extract' -l module -r -F -d 'NAME=FILE, write a module'
complete -c bootimage -n '__fish_seen_subcommand_from extract' -l cmdline -d 'print the command line'
complete -c bootimage -n '__fish_seen_subcommand_from extract' -l all -x -a '(__fish_complete_directories)' -d 'write everything into a directory'
complete -c bootimage -n '__fish_seen_subcommand_from extract' -l force -d 'replace files that are there'

complete -c bootimage -n '__fish_seen_subcommand_from convert' -l format -x -a 'raw vhd vmdk iso' -d 'format to make'
complete -c bootimage -n '__fish_seen_subcommand_from convert' -l output -r -F -d 'the file to make'

complete -c bootimage -n '__fish_seen_subcommand_from run' -l debug -d 'wait for gdb'
complete -c bootimage -n '__fish_seen_subcommand_from run' -l display -d 'in a window'
complete -c bootimage -n '__fish_seen_subcommand_from run' -l serial -d 'COM1 is standard input and output'
complete -c bootimage -n '__fish_seen_subcommand_from run' -l without-display -r -F -d 'what to boot instead where no window opens'
complete -c bootimage -n '__fish_seen_subcommand_from run' -l timeout -x -d 'seconds that it may run'
complete -c bootimage -n '__fish_seen_subcommand_from run test' -l qemu -r -F -d 'the QEMU to run'

complete -c bootimage -n '__fish_seen_subcommand_from test' -l expect -x -d 'text that COM1 must show'
complete -c bootimage -n '__fish_seen_subcommand_from test' -l timeout -x -d 'seconds to wait'
complete -c bootimage -n '__fish_seen_subcommand_from test' -l exit-code -x -d 'status with which QEMU must end'

complete -c bootimage -n '__fish_seen_subcommand_from timeline' -l output -r -F -d 'the SVG to make'
complete -c bootimage -n '__fish_seen_subcommand_from timeline' -l frequency -x -d 'cycles a second of the counter'
complete -c bootimage -n '__fish_seen_subcommand_from timeline' -l force -d 'replace the file if it is there'

complete -c bootimage -n '__fish_seen_subcommand_from write' -l any-disk -d 'also a disk that is not removable'
complete -c bootimage -n '__fish_seen_subcommand_from write' -l yes -d 'do not ask'
