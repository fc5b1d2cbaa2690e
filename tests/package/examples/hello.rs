// A kernel in Rust, without the standard library.
#![no_std]
#![no_main]

use core::arch::asm;
use core::panic::PanicInfo;

const COM1: u16 = 0x3F8;
const EXIT_PORT: u16 = 0xF4; // QEMU's isa-debug-exit
const EXIT_SUCCESS: u8 = 0x10;
const SCREEN: *mut u16 = 0xB8000 as *mut u16;
const LIGHT_CYAN: u16 = 0x0B;

fn write_port(port: u16, value: u8) {
    // SAFETY: COM1 and the exit port are no memory of anybody's.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack)) }
}

fn print(text: &str) {
    for (index, byte) in text.bytes().enumerate() {
        write_port(COM1, byte);
        if byte != b'\n' {
            // SAFETY: the loader has mapped the screen there; the text is shorter.
            unsafe { SCREEN.add(index).write_volatile(LIGHT_CYAN << 8 | byte as u16) }
        }
    }
}

fn halt() -> ! {
    loop {
        // SAFETY: nothing comes after.
        unsafe { asm!("cli", "hlt") }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    print("panic\n");
    halt()
}

#[no_mangle]
pub extern "C" fn _start(_boot_info: *const u8) -> ! {
    print("Hello from Rust\n");
    write_port(EXIT_PORT, EXIT_SUCCESS);
    halt()
}
