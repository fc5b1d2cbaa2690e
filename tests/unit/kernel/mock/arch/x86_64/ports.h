// Stands in for kernel/arch/x86_64/ports.h: ports that a test answers for.
#ifndef MOCK_PORTS_H
#define MOCK_PORTS_H

#include <stdint.h>

void port_write8(uint16_t port, uint8_t value);
uint8_t port_read8(uint16_t port);

#endif
