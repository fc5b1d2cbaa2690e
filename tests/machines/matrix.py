"""Machines to boot on, as data: machine x disk x CPU x memory x firmware. One row (machine.py) is one
test; run by machine_test.py, shown by report.py. The first part names what rows are made of, the
second makes the rows."""

from dataclasses import replace

from harness.bochs import DEFAULT_CPU as BOCHS_CPU
from machine import SEABIOS, Disk, Firmware, Row
from media import GRUB_BOOT_SECTOR, IPXE_SCRIPT

# ---- Disks ---------------------------------------------------------------------------------------
DRIVE = "-drive if=none,id=disk,format=raw,file={image} "
IDE_DRIVE = "-drive if=ide,format=raw,file={image}"
FLOPPY_DRIVE = "-drive if=floppy,format=raw,file={image} -boot a"
MEMDISK_FILE = "/usr/lib/syslinux/memdisk"
MEMDISK_BOOT = f"-kernel {MEMDISK_FILE} -initrd {{image}} -append "


def scsi(words, controller):
    return Disk(words, DRIVE + f"-device {controller},id=scsi -device scsi-hd,drive=disk,bus=scsi.0")


def usb(words, controller):
    return Disk(words,
                DRIVE + f"-device {controller},id=usb -device usb-storage,drive=disk,bus=usb.0")


def ide_geometry(words, options, **special):
    return Disk(words, DRIVE + f"-device ide-hd,drive=disk,{options}", **special)


def floppy(words, options, medium="floppy_1440k", **special):
    return Disk(words, options, medium, drive=0, edd=False, **special)


def cd(words, options, **special):
    return Disk(words, options, "hard_disk_iso", ("genisoimage",), edd=False, **special)


IDE = Disk("IDE", IDE_DRIVE)
VIRTIO = Disk("virtio-blk", DRIVE + "-device virtio-blk-pci,drive=disk")
AHCI = Disk("AHCI", DRIVE + "-device ich9-ahci,id=ahci -device ide-hd,drive=disk,bus=ahci.0")
NVME = Disk("NVMe", DRIVE + "-device nvme,serial=1,drive=disk")
LSI = scsi("SCSI (lsi53c895a)", "lsi53c895a")
XHCI = usb("USB stick (xHCI)", "qemu-xhci")
FLOPPY = floppy("floppy 1.44 MB", FLOPPY_DRIVE)
CD = cd("CD as a hard disk", "-cdrom {image} -boot d")
NETWORK_DISK = Disk("HTTP", medium="http")

# On any machine that has PCI.
PCI_DISKS = {
    "ahci": AHCI,
    "virtio_blk": VIRTIO,
    "virtio_scsi": scsi("virtio-scsi", "virtio-scsi-pci"),
    "nvme": NVME,
    "lsi53c895a": LSI,
    "megasas": scsi("SCSI (megasas)", "megasas"),
    "mptsas1068": scsi("SCSI (mptsas1068)", "mptsas1068"),
    "pvscsi": scsi("SCSI (pvscsi)", "pvscsi"),
    "am53c974": scsi("SCSI (am53c974)", "am53c974"),
    "usb_uhci": usb("USB stick (UHCI)", "piix3-usb-uhci"),
    "usb_ehci": usb("USB stick (EHCI)", "usb-ehci"),
    "usb_xhci": XHCI,
    "usb_nec_xhci": usb("USB stick (NEC xHCI)", "nec-usb-xhci"),
    "usb_uas_ehci": Disk("USB disk (UAS)", DRIVE + "-device usb-ehci,id=usb "
                         "-device usb-uas,id=uas -device scsi-hd,drive=disk,bus=uas.0"),
    "sd_card": Disk("SD card", DRIVE + "-device sdhci-pci -device sd-card,drive=disk",
                    "power_of_two"),
    "el_torito_hard_disk": CD,
}
PC_DISKS = {
    "ide": IDE,
    "ide_secondary_master": Disk("IDE, second channel",
                                 "-drive if=ide,index=2,format=raw,file={image}"),
    "ide_odd_geometry": ide_geometry("IDE, 301 x 4 x 17", "lcyls=301,lheads=4,lsecs=17"),
    "ide_255_heads": ide_geometry("IDE, 2 x 255 x 63", "lcyls=2,lheads=255,lsecs=63"),
    "floppy_1440k": FLOPPY,
    "floppy_2880k": floppy("floppy 2.88 MB", FLOPPY_DRIVE, "floppy_2880k"),
    "slow_disk": Disk("IDE, 50 reads a second",
                      "-drive if=ide,format=raw,throttling.iops-total=50,file={image}"),
    "read_only_disk": Disk("virtio-blk, read-only", "-drive if=none,id=disk,format=raw,"
                           "readonly=on,file={image} -device virtio-blk-pci,drive=disk"),
}
FLOPPY_Q35 = floppy("floppy 1.44 MB", DRIVE + "-device isa-fdc,id=fdc "
                    "-device floppy,drive=disk,drive-type=144 -boot a")
# Sectors of 2048 bytes: the MBR tries drive 80h instead, and there is none.
CD_WITHOUT_EMULATION = Disk("CD, no emulation", "-cdrom {image} -boot d", "no_emulation_iso",
                            ("genisoimage",))
# Where AH=08h reports 1024 cylinders, and 0 sectors a track.
ONE_CYLINDER = replace(IDE, words="IDE, one cylinder", medium="one_cylinder")
TEN_MEBIBYTES = {"lsi53c895a": LSI, "usb_xhci": XHCI, "virtio_blk": VIRTIO}


def memdisk(words, append, **special):
    return Disk(words, MEMDISK_BOOT + f"'{append}'", needs=(MEMDISK_FILE,), **special)


# ---- Firmware ------------------------------------------------------------------------------------
BOCHS_LATEST = Firmware("BIOS-bochs-latest", rom="/usr/share/bochs/BIOS-bochs-latest")
BOCHS_LEGACY = Firmware("BIOS-bochs-legacy", rom="/usr/share/bochs/BIOS-bochs-legacy")
BOCHS_BIOSES = {"latest": BOCHS_LATEST, "legacy": BOCHS_LEGACY}
MICROVM_BIOS = Firmware("SeaBIOS for microvm", rom="/usr/share/seabios/bios-microvm.bin")
MEMDISK = Firmware("SeaBIOS, memdisk")
# GRUB leaves A20 off. As a floppy it leaves drive 80h to the image, as a disk it takes that.
GRUB_NEEDS = ("grub-mkimage", GRUB_BOOT_SECTOR)
GRUB = Firmware("SeaBIOS, GRUB", "-drive if=floppy,format=raw,file={firmware} -boot a",
                "grub_to_first_disk", needs=GRUB_NEEDS)
GRUB_DISK = Firmware("SeaBIOS, GRUB", "-drive if=ide,index=0,format=raw,file={firmware}",
                     "grub_to_second_disk", needs=GRUB_NEEDS)
SECOND_IDE = Disk("IDE, second disk", "-drive if=ide,index=1,format=raw,file={image}", drive=0x81)
NETWORK_CARDS = {"virtio-net-pci": "virtio", "e1000": "e1000", "e1000e": "e1000e",
                 "rtl8139": "rtl8139", "pcnet": "pcnet", "ne2k_pci": "ne2k_pci",
                 "vmxnet3": "vmxnet3"}


def ipxe(card):
    """iPXE as the network card's ROM gets a script by TFTP and boots a disk by HTTP."""
    rom = f"/usr/lib/ipxe/qemu/pxe-{NETWORK_CARDS[card]}.rom"
    disk = replace(NETWORK_DISK, words=f"HTTP ({card})",
                   options=f"-netdev user,id=net,tftp={{image}},bootfile={IPXE_SCRIPT} "
                           f"-device {card},netdev=net -boot n")
    return {"firmware": Firmware("SeaBIOS, iPXE", needs=(rom,)), "disk": disk}


# ---- CPUs ----------------------------------------------------------------------------------------
QUICK_CPUS = ("kvm64", "Conroe", "Nehalem", "Skylake-Client", "Opteron_G1", "EPYC", "max")
MORE_CPUS = ("qemu64", "core2duo", "Penryn", "Westmere", "SandyBridge", "IvyBridge", "Haswell",
             "Broadwell", "Skylake-Server", "Cascadelake-Server", "Icelake-Server", "Denverton",
             "Snowridge", "KnightsMill", "phenom", "Opteron_G2", "Opteron_G3", "Opteron_G4",
             "Opteron_G5", "Dhyana", "EPYC-Rome", "EPYC-Milan")
CPUS_OF_32_BITS = ("486", "pentium", "pentium2", "pentium3", "athlon", "coreduo", "n270",
                   "qemu32", "kvm32", "qemu64,-lm", "qemu64,xlevel=0")
KVM_CPUS = ("kvm64", "Nehalem", "SandyBridge", "EPYC")
NO_LONG_MODE = "^firstlight: this CPU lacks long mode"
# The bare 486 with long mode that is left when no more than that is added to it.
BARE_486 = "486,+lm"
# With an APIC, Bochs's BIOSes do not come to the disk on QEMU.
NO_APIC = "qemu64,-apic"
BOCHS_CPUS = ("p4_prescott_celeron_336", "athlon64_clawhammer", "athlon64_venice",
              "turion64_tyler", "phenom_8650_toliman", "core2_penryn_t9600",
              "corei5_lynnfield_750", "corei5_arrandale_m520", "zambezi", "trinity_apu", "ryzen",
              "corei7_ivy_bridge_3770k", "corei7_haswell_4770", "broadwell_ult",
              "corei7_skylake_x", "corei3_cnl", "corei7_icelake_u", "tigerlake")
BOCHS_CPUS_OF_32_BITS = ("pentium", "pentium_mmx", "amd_k6_2_chomper", "p2_klamath", "p3_katmai",
                         "p4_willamette", "core_duo_t2400_yonah", "atom_n270")


def word(text):
    """As part of a test's name."""
    return "".join(c if c.isalnum() else "_" for c in text.lower())


# ---- Rows ----------------------------------------------------------------------------------------
def disks():
    # pc meets every disk; q35 a few, and the rest in the preset `full`.
    for name, disk in (PC_DISKS | PCI_DISKS).items():
        yield Row(name, disk)
    yield Row("ide_q35", replace(IDE, words="AHCI of the chip set"), "q35")
    yield Row("floppy_q35", FLOPPY_Q35, "q35", full=True)
    for name, disk in PCI_DISKS.items():
        yield Row(f"{name}_q35", disk, "q35", full=name not in ("nvme", "usb_xhci"))
    yield Row("ide_one_cylinder", ONE_CYLINDER)
    for name, disk in TEN_MEBIBYTES.items():
        yield Row(f"{name}_10m", replace(disk, words=disk.words + ", 10 MiB",
                                         medium="ten_mebibytes"), full=True)
    yield Row("el_torito_no_emulation", CD_WITHOUT_EMULATION,
              refused="^firstlight: disk error 01$")


def machines():
    yield Row("pc_i440fx_2_0", IDE, "pc-i440fx-2.0")
    for version in ("1.4", "2.6", "3.1", "5.2"):
        yield Row(f"pc_i440fx_{word(version)}", IDE, f"pc-i440fx-{version}", full=True)
    for version in ("2.6", "3.1", "5.2"):
        yield Row(f"q35_{word(version)}", IDE, f"pc-q35-{version}", full=True)
    yield Row("isapc", IDE, "isapc")
    yield Row("isapc_floppy", FLOPPY, "isapc", full=True)
    yield Row("microvm", Disk("virtio-mmio", DRIVE + "-device virtio-blk-device,drive=disk"),
              "microvm,rtc=on", firmware=MICROVM_BIOS, screen="", text_mode=False)
    yield Row("no_screen", IDE, screen="-vga none", text_mode=False)
    yield Row("cirrus_screen", IDE, screen="-vga cirrus")
    for card in ("vmware", "qxl", "virtio"):
        yield Row(f"{card}_screen", IDE, screen=f"-vga {card}", full=True)
    yield Row("ati_screen", IDE, screen="-vga none -device ati-vga", full=True)
    yield Row("bochs_display", IDE, screen="-vga none -device bochs-display", text_mode=False,
              full=True)
    yield Row("no_acpi", IDE, "pc,acpi=off", full=True)
    yield Row("no_hpet", IDE, "pc,hpet=off", full=True)
    yield Row("no_keyboard_controller", IDE, "q35,i8042=off", full=True)
    yield Row("no_smbus", IDE, "pc,smbus=off", full=True)


def memory():
    yield Row("ram_1m", IDE, memory="1M", refused="^firstlight: not enough memory for kernel: ")
    for size in ("2M", "16M", "64M", "2G"):
        yield Row(f"ram_{size.lower()}", IDE, memory=size)
    for size in ("3M", "4M", "8M", "17M", "24M", "32M", "256M", "512M", "1G"):
        yield Row(f"ram_{size.lower()}", IDE, memory=size, full=True)
    for size in ("4G", "64G"):
        yield Row(f"ram_{size.lower()}", IDE, memory=size)
    for size in ("3G", "5G", "8G"):
        yield Row(f"ram_{size.lower()}", IDE, memory=size, full=True)
    for size in ("2G", "5G", "8G"):
        yield Row(f"ram_{size.lower()}_q35", IDE, "q35", memory=size, full=size != "8G")
    # As much as the 40 bits of TCG's addresses hold.
    yield Row("ram_1000g", IDE, memory="1000G")
    yield Row("ram_1000g_1g_pages", IDE, cpu="max", memory="1000G")
    yield Row("ram_only_above_4g", IDE, "pc,max-ram-below-4g=1M", memory="256M")
    yield Row("ram_mostly_above_4g", IDE, "pc,max-ram-below-4g=20M", memory="256M")
    yield Row("ram_odd_split", IDE, "pc,max-ram-below-4g=33333333", memory="256M")
    # With less there is none left for SeaBIOS's own AHCI driver.
    yield Row("ram_mostly_above_4g_q35", IDE, "q35,max-ram-below-4g=20M", memory="256M", full=True)
    yield Row("ram_odd_split_q35", IDE, "q35,max-ram-below-4g=77777777", memory="1G", full=True)


def cpus():
    for count in (2, 3, 4):
        yield Row(f"cpus_{count}", IDE, extra=f"-smp {count}", full=count == 3)
    yield Row("cpus_4_q35", IDE, "q35", extra="-smp 4", full=True)
    for model in QUICK_CPUS:
        yield Row(f"cpu_{word(model)}", IDE, cpu=model)
    for model in MORE_CPUS:
        yield Row(f"cpu_{word(model)}", IDE, cpu=model, full=True)
    for model in CPUS_OF_32_BITS:
        yield Row(f"cpu_{word(model)}", IDE, cpu=model, refused=NO_LONG_MODE, full=True)
    yield Row("cpu_without_nx", IDE, cpu="qemu64,-nx", nx=False)
    yield Row("cpu_without_1g_pages", IDE, cpu="max,-pdpe1gb", memory="4G")
    yield Row("cpu_with_la57", IDE, cpu="max,+la57")


def kvm():
    """Real CPUs: they enforce what TCG does not. VGA memory is slow there."""
    common = {"kvm": True, "screen": "", "text_mode": False}
    yield Row("kvm", IDE, **common)
    for model in KVM_CPUS:
        yield Row(f"kvm_{word(model)}", IDE, cpu=model, full=True, **common)
    yield Row("kvm_without_nx", IDE, cpu="qemu64,-nx", nx=False, full=True, **common)
    # That feature's MSR cannot be set where KVM itself runs in a virtual machine.
    yield Row("kvm_host", IDE, cpu="host,-arch-capabilities", extra="-smp 2", full=True, **common)
    # No floppy here: under load SeaBIOS's own first read of one hangs at times with KVM.
    for name in ("usb_xhci", "nvme"):
        yield Row(f"kvm_q35_{name}", PCI_DISKS[name], "q35", full=True, **common)


def firmware():
    for name, append in (("memdisk", "harddisk"), ("memdisk_without_edd", "harddisk noedd")):
        disk = memdisk("RAM disk", append, edd="noedd" not in append)
        yield Row(name, disk, firmware=MEMDISK)
        yield Row(f"{name}_q35", disk, "q35", firmware=MEMDISK, full=True)
    yield Row("memdisk_floppy", memdisk("RAM floppy", "floppy", medium="floppy_1440k", drive=0,
                                        edd=False), firmware=MEMDISK)
    yield Row("grub", IDE, firmware=GRUB)
    yield Row("grub_second_disk", SECOND_IDE, firmware=GRUB_DISK, full=True)
    for name in ("ahci", "virtio_blk", "nvme", "lsi53c895a", "usb_xhci"):
        yield Row(f"grub_{name}", PCI_DISKS[name], firmware=GRUB, full=True)
    for card in NETWORK_CARDS:
        yield Row(f"ipxe_{word(card)}", **ipxe(card), full=card != "virtio-net-pci")
    yield Row("ipxe_q35", machine="q35", **ipxe("virtio-net-pci"), full=True)
    # Bochs's BIOSes do not find QEMU's screens.
    common = {"screen": "", "text_mode": False}
    yield Row("bochs_legacy_486", IDE, "isapc", BARE_486, firmware=BOCHS_LEGACY,
              refused="^firstlight: this CPU lacks PAE, MSR, CMOV, FXSR, SSE2: ", **common)
    for name, bios in BOCHS_BIOSES.items():
        common |= {"cpu": NO_APIC, "firmware": bios}
        yield Row(f"bochs_{name}", IDE, **common, full=name != "legacy")
        yield Row(f"bochs_{name}_isapc", IDE, "isapc", **common, full=True)
        yield Row(f"bochs_{name}_floppy", FLOPPY, **common, full=True)


def other_emulators():
    common = {"machine": "", "memory": "64M", "emulator": "Bochs"}
    media = {"disk": Disk("IDE", "disk"), "floppy": floppy("floppy 1.44 MB", "floppy"),
             "cdrom": cd("CD as a hard disk", "cdrom")}
    for bios, rom in BOCHS_BIOSES.items():
        for name, disk in media.items():
            yield Row(f"bochs_{bios}_{name}", disk, cpu=BOCHS_CPU, firmware=rom,
                      full=name == "floppy", **common)
    for model in BOCHS_CPUS:
        yield Row(f"bochs_{model}", media["disk"], cpu=model, firmware=BOCHS_LATEST, full=True,
                  **common)
    for model in BOCHS_CPUS_OF_32_BITS:
        yield Row(f"bochs_{model}", media["disk"], cpu=model, firmware=BOCHS_LATEST,
                  refused=NO_LONG_MODE, full=True, **common)
    for size in ("16M", "512M"):
        yield Row(f"bochs_ram_{size.lower()}", media["disk"], cpu=BOCHS_CPU,
                  firmware=BOCHS_LATEST, full=True, **(common | {"memory": size}))

    common = {"machine": "", "memory": "16M", "emulator": "DOSBox",
              "firmware": Firmware("DOSBox's own")}
    disk = Disk("hard disk", medium="eight_cylinders", edd=False)
    lacks = "^firstlight: this CPU lacks {}: a 64-bit x86 CPU is needed$"
    yield Row("dosbox_floppy", FLOPPY, cpu="auto",
              refused=lacks.format("long mode, PAE, PSE, MSR, CMOV, FXSR, SSE2"), **common)
    yield Row("dosbox_386", FLOPPY, cpu="386", refused=lacks.format("CPUID"), full=True, **common)
    yield Row("dosbox_hard_disk", disk, cpu="auto", refused=NO_LONG_MODE, full=True, **common)

    common = {"machine": "", "memory": "64M", "emulator": "v86", "cpu": "of 32 bits",
              "firmware": SEABIOS, "refused": lacks.format("long mode")}
    yield Row("v86_hard_disk", replace(IDE, options=""), **common)
    yield Row("v86_floppy", replace(FLOPPY, options=""), full=True, **common)


ROWS = {"Disks": list(disks()), "Machines": list(machines()), "Memory": list(memory()),
        "Cpus": list(cpus()), "Kvm": list(kvm()), "Firmware": list(firmware()),
        "Emulators": list(other_emulators())}
