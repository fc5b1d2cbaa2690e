// A kernel that knows nothing of Firstlight, as a tutorial would write it: made by the system's
// gcc, linked low, writing to the screen's memory at B8000h.
void _start(void)
{
    static const char text[] = "Hello from a foreign kernel";
    volatile unsigned short *screen = (volatile unsigned short *)0xB8000;
    for (unsigned long i = 0; i + 1 < sizeof text; i++) {
        screen[i] = (unsigned short)(0x2F00 | text[i]);
    }
    for (;;) {
        __asm__ volatile("hlt");
    }
}
