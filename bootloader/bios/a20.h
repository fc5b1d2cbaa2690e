// Address line 20: while it is off, every other mebibyte is an alias of the one below.
#ifndef A20_H
#define A20_H

// Switches it on by the first way that works, or stops with a message.
void a20_enable(void);

// After a firmware call: switches it on again if firmware switched it off. Does nothing before
// a20_enable has been called.
void a20_keep(void);

#endif
