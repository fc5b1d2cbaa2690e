"""Disks, machines, memory sizes and CPUs to boot on, as data: one row is one test. Run by
test_machines.py.

A row: name, QEMU's options with {image} for the medium, and what is special about it:
  medium   how the image becomes a medium (keys of MEDIA in test_machines.py); default: as it is
  needs    a file or a program without which the row is skipped
  serial   what COM1 must show besides the kernel's hello"""

from harness.qemu import sparse_ram

DISK = "-drive if=none,id=disk,format=raw,file={image} "
IDE = "-drive if=ide,format=raw,file={image} "
SCSI_DISK = DISK + "-device {controller} -device scsi-hd,drive=disk,bus=scsi.0"
USB_DISK = DISK + "-device {controller},id=usb -device usb-storage,drive=disk,bus=usb.0"
FLOPPY = "-drive if=floppy,format=raw,file={image} -boot a"
MEMDISK = "/usr/lib/syslinux/memdisk"
MICROVM_BIOS = "/usr/share/seabios/bios-microvm.bin"  # QEMU's own of this name is no BIOS
MEMDISK_BOOT = "-kernel " + MEMDISK + " -initrd {image} -append "


def scsi(controller):
    return SCSI_DISK.replace("{controller}", controller)


def usb(controller):
    return USB_DISK.replace("{controller}", controller)


def large(size, machine="pc"):
    return " ".join(sparse_ram(size, machine)) + " " + IDE


DISKS = [
    ("ide", IDE),
    ("ide_secondary_master", "-drive if=ide,index=2,format=raw,file={image}"),
    ("ide_odd_geometry", DISK + "-device ide-hd,drive=disk,lcyls=301,lheads=4,lsecs=17"),
    ("ide_255_heads", DISK + "-device ide-hd,drive=disk,lcyls=2,lheads=255,lsecs=63"),
    ("ahci_q35", "-machine q35 " + IDE),
    ("ahci_pc", DISK + "-device ich9-ahci,id=ahci -device ide-hd,drive=disk,bus=ahci.0"),
    ("virtio_blk", DISK + "-device virtio-blk-pci,drive=disk"),
    ("virtio_blk_q35", "-machine q35 " + DISK + "-device virtio-blk-pci,drive=disk"),
    ("virtio_scsi", DISK + "-device virtio-scsi-pci,id=scsi -device scsi-hd,drive=disk"),
    ("nvme", DISK + "-device nvme,serial=1,drive=disk"),
    ("nvme_q35", "-machine q35 " + DISK + "-device nvme,serial=1,drive=disk"),
    ("lsi53c895a", scsi("lsi53c895a,id=scsi")),
    ("megasas", scsi("megasas,id=scsi")),
    ("mptsas1068", scsi("mptsas1068,id=scsi")),
    ("pvscsi", scsi("pvscsi,id=scsi")),
    ("am53c974", scsi("am53c974,id=scsi")),
    ("usb_uhci", usb("piix3-usb-uhci")),
    ("usb_ehci", usb("usb-ehci")),
    ("usb_xhci", usb("qemu-xhci")),
    ("usb_nec_xhci", usb("nec-usb-xhci")),
    ("usb_xhci_q35", "-machine q35 " + usb("qemu-xhci")),
    ("usb_uas_ehci", DISK + "-device usb-ehci,id=usb -device usb-uas,id=uas "
     "-device scsi-hd,drive=disk,bus=uas.0"),
    ("sd_card", DISK + "-device sdhci-pci -device sd-card,drive=disk", {"medium": "sd_card"}),
    ("floppy_1440k", FLOPPY, {"medium": "floppy_1440k"}),
    ("floppy_2880k", FLOPPY, {"medium": "floppy_2880k"}),
    ("floppy_q35", "-machine q35 " + DISK + "-device isa-fdc,id=fdc "
     "-device floppy,drive=disk,drive-type=144 -boot a", {"medium": "floppy_1440k"}),
    ("el_torito_hard_disk", "-cdrom {image} -boot d",
     {"medium": "hard_disk_iso", "needs": "genisoimage"}),
    ("el_torito_hard_disk_q35", "-machine q35 -cdrom {image} -boot d",
     {"medium": "hard_disk_iso", "needs": "genisoimage"}),
    ("memdisk", MEMDISK_BOOT + "harddisk", {"needs": MEMDISK}),
    ("memdisk_without_edd", MEMDISK_BOOT + "'harddisk noedd'", {"needs": MEMDISK}),
    ("memdisk_floppy", MEMDISK_BOOT + "floppy", {"needs": MEMDISK, "medium": "floppy_1440k"}),
    ("slow_disk", "-drive if=ide,format=raw,throttling.iops-total=50,file={image}"),
    ("read_only_disk", "-drive if=none,id=disk,format=raw,readonly=on,file={image} "
     "-device virtio-blk-pci,drive=disk"),
]

MACHINES = [
    ("pc", "-machine pc -vga std " + IDE),
    ("pc_i440fx_2_0", "-machine pc-i440fx-2.0 " + IDE),
    ("q35", "-machine q35 -vga std " + IDE),
    ("isapc", "-machine isapc -cpu qemu64 -vga std " + IDE),
    ("isapc_floppy", "-machine isapc -cpu qemu64 " + FLOPPY, {"medium": "floppy_1440k"}),
    ("microvm", f"-machine microvm,rtc=on -bios {MICROVM_BIOS} " + DISK +
     "-device virtio-blk-device,drive=disk", {"needs": MICROVM_BIOS}),
    ("no_screen", "-vga none " + IDE),
    ("cirrus_screen", "-vga cirrus " + IDE),
]

MEMORY = [
    *((f"ram_{size.lower()}", f"-m {size} {IDE}")
      for size in ("16M", "17M", "24M", "32M", "64M", "1G", "2G")),
    ("ram_3g", large("3G")),
    ("ram_4g", large("4G")),
    ("ram_5g_q35", large("5G", "q35")),
    ("ram_8g", large("8G")),
    ("ram_8g_q35", large("8G", "q35")),
    ("ram_64g", large("64G")),
    # As much as the 40 bits of TCG's addresses hold.
    ("ram_1000g", large("1000G")),
    ("ram_1000g_1g_pages", "-cpu max " + large("1000G")),
    ("ram_only_above_4g", "-machine pc,max-ram-below-4g=1M -m 256M " + IDE),
    ("ram_mostly_above_4g", "-machine pc,max-ram-below-4g=20M -m 256M " + IDE),
    ("ram_odd_split", "-machine pc,max-ram-below-4g=33333333 -m 256M " + IDE),
]

CPUS = [
    *((f"cpus_{count}", f"-smp {count} {IDE}") for count in (1, 2, 3, 4)),
    ("cpus_4_q35", "-machine q35 -smp 4 " + IDE),
    *((f"cpu_{model.lower().replace('-', '_')}", f"-cpu {model} {IDE}")
      for model in ("qemu64", "kvm64", "Conroe", "Nehalem", "SandyBridge", "Skylake-Client",
                    "Opteron_G1", "EPYC", "max")),
    ("cpu_without_nx", "-cpu qemu64,-nx " + IDE, {"serial": ["^firstlight: warning: .*NX"]}),
    ("cpu_without_1g_pages", "-cpu max,-pdpe1gb " + large("4G")),
    ("cpu_with_la57", "-cpu max,+la57 " + IDE),
    ("kvm", "-accel kvm -cpu qemu64 " + IDE, {"needs": "kvm"}),
    ("kvm_host_cpu", "-accel kvm -cpu host -smp 2 " + IDE, {"needs": "kvm"}),
    # No floppy here: under load SeaBIOS's own first read of one hangs at times with KVM.
    ("kvm_q35_usb", "-machine q35 -accel kvm -cpu qemu64 " + usb("qemu-xhci"), {"needs": "kvm"}),
]

ROWS = {"Disks": DISKS, "Machines": MACHINES, "Memory": MEMORY, "Cpus": CPUS}
