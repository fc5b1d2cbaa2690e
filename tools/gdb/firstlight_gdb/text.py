"""Numbers and sizes as people read them. Pure; used by all that prints."""

_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def address(value):
    return f"{value:016x}"


def size(count):
    """In the largest unit that it reaches, with a fraction where there is one: 65536 is 64 KiB, 1536 is
    1.5 KiB; below 1 KiB in bytes."""
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count // unit} {name}" if count % unit == 0 else f"{count / unit:.1f} {name}"
    return f"{count} byte" + ("" if count == 1 else "s")


def flags(value, names):
    """The names of the bits that are set, and the bits without a name. `names`: pairs (name, bit)."""
    found = [name for name, bit in names if value & bit]
    rest = value & ~sum(bit for _, bit in names)
    return ", ".join(found + ([f"{rest:#x}"] if rest else [])) or "none"
