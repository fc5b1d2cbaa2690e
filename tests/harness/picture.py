"""Pictures of the screen: QEMU's screendumps, and those kept in the tree. Used by tests/boot."""

import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB = 3  # bytes a pixel
EIGHT_BIT_RGB = (8, 2)  # depth and colour type of a PNG


class Picture:
    """Rows of red, green, blue bytes."""

    def __init__(self, width, height, rows):
        self.width, self.height, self.rows = width, height, rows
        assert len(rows) == height and all(len(row) == width * RGB for row in rows)

    def colours(self):
        """The set of all pixels, three bytes each."""
        return {row[i:i + RGB] for row in set(self.rows) for i in range(0, len(row), RGB)}


def read_ppm(path):
    """A binary PPM with 8 bits a channel."""
    with open(path, "rb") as file:
        data = file.read()
    kind, size, most, pixels = data.split(b"\n", 3)
    assert (kind, most) == (b"P6", b"255"), "not a PPM with 8 bits a channel"
    width, height = map(int, size.split())
    stride = width * RGB
    return Picture(width, height, [pixels[row * stride:(row + 1) * stride]
                                   for row in range(height)])


def read_png(path):
    """A PNG with 8 bits a channel, red, green and blue."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == PNG_SIGNATURE, "not a PNG"
    position, pixels = 8, b""
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8:position + 8 + length]
        if kind == b"IHDR":
            width, height, *depth_and_colour = struct.unpack_from(">IIBB", body)
            assert tuple(depth_and_colour) == EIGHT_BIT_RGB, "not 8-bit RGB"
        elif kind == b"IDAT":
            pixels += body
        position += 12 + length
    return Picture(width, height, list(_unfilter(zlib.decompress(pixels), width, height)))


def _unfilter(raw, width, height):
    stride = width * RGB
    previous = bytes(stride)
    for row in range(height):
        start = row * (stride + 1)
        line, kind = bytearray(raw[start + 1:start + 1 + stride]), raw[start]
        for i in range(stride if kind != 0 else 0):
            left = line[i - RGB] if i >= RGB else 0
            corner = previous[i - RGB] if i >= RGB else 0
            line[i] = (line[i] + _predict(kind, left, previous[i], corner)) & 0xFF
        previous = bytes(line)
        yield previous


def _predict(kind, left, up, corner):
    """PNG specification, section 9: filter types 0 to 4."""
    if kind == 3:
        return (left + up) // 2
    if kind == 4:
        estimate = left + up - corner
        return min((abs(estimate - left), 0, left), (abs(estimate - up), 1, up),
                   (abs(estimate - corner), 2, corner))[2]
    return (0, left, up)[kind]


def write_png(path, picture):
    """Unfiltered, so that it is read fast; a test card compresses well all the same."""
    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body +
                struct.pack(">I", zlib.crc32(kind + body)))

    header = struct.pack(">IIBBBBB", picture.width, picture.height, *EIGHT_BIT_RGB, 0, 0, 0)
    pixels = b"".join(b"\0" + row for row in picture.rows)
    with open(path, "wb") as file:
        file.write(PNG_SIGNATURE + chunk(b"IHDR", header) +
                   chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b""))
