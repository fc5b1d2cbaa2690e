// Touches an address and tells whether the CPU objected; see fault_probe.h.
#include "fault_probe.h"

#include "idt.h"
#include "panic.h"

#define VECTORS    32u
#define STUB_BYTES UINT64_C(16)

static struct gate gates[VECTORS];

// Written and read by the assembly below.
extern const uint8_t fault_stubs[];
uint64_t probe_stack;
uint64_t fault_vector;
uint64_t fault_error_code;
uint64_t fault_instruction;
uint64_t fault_address;
bool fault_probe_access(uint64_t access, uint64_t address);
_Noreturn void fault_unexpected(void);

// A stub for each vector pushes 0 where the CPU pushes no error code (all but 8, 10-14, 17), then
// the vector. fault_probe_access(RDI = access, RSI = address) returns AL = 1 when a fault came:
// the fault drops its frame and goes on from the stack pointer saved there.
__asm__(".pushsection .text.fault_stubs, \"ax\"\n"
        ".balign 16\n"
        "fault_stubs:\n"
        ".set vector, 0\n"
        ".rept 32\n"
        ".balign 16\n"
        ".if ((0x27D00 >> vector) & 1) == 0\n"
        "    pushq $0\n"
        ".endif\n"
        "    pushq $vector\n"
        "    jmp fault_common\n"
        ".set vector, vector + 1\n"
        ".endr\n"
        "fault_common:\n"
        "    popq fault_vector(%rip)\n"
        "    popq fault_error_code(%rip)\n"
        "    popq fault_instruction(%rip)\n"
        "    movq %cr2, %rax\n"
        "    movq %rax, fault_address(%rip)\n"
        "    movq probe_stack(%rip), %rsp\n"
        "    testq %rsp, %rsp\n"
        "    jz 9f\n"
        "    movb $1, %al\n"
        "    jmp 8f\n"
        "9:  leaq emergency_stack_top(%rip), %rsp\n"
        "    call fault_unexpected\n"
        ".globl fault_probe_access\n"
        "fault_probe_access:\n"
        "    pushq %rbx\n"
        "    pushq %rbp\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, probe_stack(%rip)\n"
        "    cmpl $1, %edi\n"
        "    je 1f\n"
        "    ja 2f\n"
        "    movb (%rsi), %al\n"
        "    jmp 7f\n"
        "1:  movb $0, (%rsi)\n"
        "    jmp 7f\n"
        "2:  call *%rsi\n"
        "7:  movb $0, %al\n"
        "8:  movq $0, probe_stack(%rip)\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbp\n"
        "    popq %rbx\n"
        "    ret\n"
        ".popsection\n"
        ".pushsection .bss.emergency_stack, \"aw\", @nobits\n"
        ".balign 16\n"
        ".skip 4096\n"
        "emergency_stack_top:\n"
        ".popsection\n");

_Noreturn void fault_unexpected(void)
{
    panic("exception %llu, error code %llx, at %llx, CR2 %llx", (unsigned long long)fault_vector,
          (unsigned long long)fault_error_code, (unsigned long long)fault_instruction,
          (unsigned long long)fault_address);
}

void fault_probe_initialise(void)
{
    uint16_t code_selector;
    __asm__ volatile("movw %%cs, %0" : "=r"(code_selector));
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        const uint64_t stub = (uint64_t)(fault_stubs + vector * STUB_BYTES);
        gates[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = code_selector,
            .type = INTERRUPT_GATE,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    const struct descriptor_table table = {sizeof gates - 1, gates};
    __asm__ volatile("lidt %0" : : "m"(table));
}

struct fault fault_probe(enum access access, uint64_t address)
{
    struct fault fault = {.happened = fault_probe_access(access, address)};
    if (fault.happened) {
        fault.vector = fault_vector;
        fault.error_code = fault_error_code;
        fault.address = fault_address;
    }
    return fault;
}
