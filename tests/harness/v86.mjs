// Boots an image in v86 (a 32-bit PC emulator, npm's package of this name) under Node until the CPU
// has halted for ever or time is up, then prints what there was to see, as JSON. Run by v86.py:
//   node v86.mjs PACKAGE BIOS VGA-BIOS hda|fda IMAGE SECONDS
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [library, bios, vgaBios, drive, image, seconds] = process.argv.slice(2);
const { V86 } = await import(pathToFileURL(join(library, "build", "libv86.mjs")));

const INTERRUPT_FLAG = 1 << 9;
const MEBIBYTE = 1 << 20;
const POLL_MILLISECONDS = 50;
const SETTLED_POLLS = 6; // a CPU that halts for ever is seen so again and again

function contents(path) {
  const bytes = readFileSync(path);
  return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) };
}

const machine = new V86({
  wasm_path: join(library, "build", "v86.wasm"),
  memory_size: 64 * MEBIBYTE,
  vga_memory_size: 8 * MEBIBYTE,
  bios: contents(bios),
  vga_bios: contents(vgaBios),
  [drive]: contents(image),
  disable_speaker: true,
  autostart: true,
});

let serial = "";
machine.add_listener("serial0-output-byte", (byte) => {
  serial += String.fromCharCode(byte);
});

// v86 itself tells of the CPU only by these two of its fields.
function haltedForEver() {
  const cpu = machine.v86?.cpu;
  return Boolean(cpu?.in_hlt?.[0]) && (cpu.get_eflags() & INTERRUPT_FLAG) === 0;
}

const deadline = Date.now() + Number(seconds) * 1000;
let halts = 0;
setInterval(() => {
  halts = haltedForEver() ? halts + 1 : 0;
  if (halts < SETTLED_POLLS && Date.now() < deadline) {
    return;
  }
  const screen = machine.screen_adapter?.get_text_screen?.() ?? [];
  process.stdout.write(JSON.stringify({ serial, halted: halts > 0, screen }));
  process.exit(0);
}, POLL_MILLISECONDS);
