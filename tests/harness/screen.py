"""The 80x25 text screen at B8000h as characters and attributes. Used by qemu.py's callers."""

TEXT_SCREEN_ADDRESS = 0xB8000
COLUMNS = 80
ROWS = 25
TEXT_SCREEN_BYTES = COLUMNS * ROWS * 2


class TextScreen:
    def __init__(self, memory):
        self._characters = memory[0::2]
        self._attributes = memory[1::2]

    def row(self, index):
        cells = self._characters[index * COLUMNS:(index + 1) * COLUMNS]
        return "".join(chr(cell) if 0x20 <= cell < 0x7F else " " if cell == 0 else "?"
                       for cell in cells)

    def attributes(self, row, first=0, count=COLUMNS):
        start = row * COLUMNS + first
        return bytes(self._attributes[start:start + count])

    def text(self):
        """All rows in one string: a line longer than a row goes on in the next."""
        return "".join(self.row(index) for index in range(ROWS))

    def show(self):
        rows = [self.row(index).rstrip() for index in range(ROWS)]
        return "\n".join(row for row in rows if row)
