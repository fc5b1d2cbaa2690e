// Messages as the compiler left them: no pairs. For the host; stage 2 links what
// tools/pack_messages.c has written instead.
#include "message.h"

const uint8_t message_pair_count = 0;
const uint8_t message_pairs[][2] = {{0, 0}};
