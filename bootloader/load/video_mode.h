// Which of the video modes that a machine offers suits the kernel's request best. Called by
// bios/video.c for each of them; the modes come as struct boot_framebuffer, address and EDID aside.
#ifndef LOAD_VIDEO_MODE_H
#define LOAD_VIDEO_MODE_H

#include "firstlight/boot_info.h"
#include "firstlight/boot_request.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

#define VIDEO_OFFERS_MAX  8u // in the message: as many as fit there
#define VIDEO_MISFIT_NONE UINT64_MAX

struct video_search {
    const struct boot_request *request;
    uint32_t width, height; // looked for: the request's, else EDID's, else 1024 x 768
    uint64_t best;          // misfit of the best mode so far
    // Misfits of the nearest modes that a kernel could use, suitable or not, ascending; behind them
    // VIDEO_MISFIT_NONE.
    uint64_t offers[VIDEO_OFFERS_MAX];
};

/*@ // Ascending, each once, behind them VIDEO_MISFIT_NONE.
    predicate nearest_first(struct video_search *search) =
        \forall integer i, j; 0 <= i < j < VIDEO_OFFERS_MAX ==>
            search->offers[i] < search->offers[j] || search->offers[j] == VIDEO_MISFIT_NONE;
    predicate readable_search(struct video_search *search) =
        \valid_read(search) && \valid_read(search->request);
    // A mode may be read and written as bytes, too: its colours are.
    predicate writable_mode(struct boot_framebuffer *mode) =
        \valid(mode) && \valid((uint8_t *)mode + (0 .. sizeof(struct boot_framebuffer) - 1));
*/

// Whether an EDID base block is one: header and checksum.
/*@ requires \valid_read(edid + (0 .. BOOT_EDID_SIZE - 1));
    assigns \nothing; */
bool video_edid_valid(const uint8_t edid[BOOT_EDID_SIZE]);

// Starts a search. `edid` is a valid block, or null. The request must outlive it.
/*@ requires \valid(search) && \valid_read(request);
    requires edid == \null || \valid_read(edid + (0 .. BOOT_EDID_SIZE - 1));
    requires \separated(search, request, edid + (0 .. BOOT_EDID_SIZE - 1));
    assigns *search;
    ensures search->request == request && readable_search(search);
    ensures search->best == VIDEO_MISFIT_NONE && nearest_first(search);
    ensures asked: request->width != 0 ==>
            search->width == request->width && search->height == request->height;
    ensures edid == \null && request->width == 0 ==>
            search->width == 1024 && search->height == 768;
    ensures a_monitors: request->width == 0 ==> search->width >= 320 && search->height >= 200; */
void video_search_begin(struct video_search *search, const struct boot_request *request,
                        const uint8_t *edid);

// Checks a mode, sets its `size` (and reserved_size and reserved_shift to 0 if they are rubbish),
// and returns true when it suits the request and better than all before. A mode no kernel could use
// is passed over: a depth other than 15, 16, 24 and 32, lines longer than the pitch, more bytes
// than video_memory has, an address of 0 or with its end above 4 GiB, colours that overlap or
// pass the pixel.
//
// What suits: where the request is BOOT_VIDEO_FRAMEBUFFER_REQUIRED, only the size and depth it
// names. What suits better: the nearest size, larger ones only if there is no other; then the
// depth that is named, else the greatest.
/*@ requires \valid(search) && readable_search(search) && writable_mode(mode);
    requires \separated(search, search->request, mode,
                        (uint8_t *)mode + (0 .. sizeof(struct boot_framebuffer) - 1));
    requires nearest_first(search);
    assigns *mode, ((uint8_t *)mode)[0 .. sizeof(struct boot_framebuffer) - 1],
            search->best, search->offers[0 .. VIDEO_OFFERS_MAX - 1];
    ensures nearest_first(search);
    ensures better: \result ==> search->best < \old(search->best);
    ensures !\result ==> search->best == \old(search->best);
    ensures depth: \result ==> mode->bits_per_pixel \in {15, 16, 24, 32};
    ensures memory: \result ==> mode->size <= video_memory && mode->physical_address != 0; */
bool video_search_add(struct video_search *search, struct boot_framebuffer *mode,
                      uint64_t video_memory);

// Says that nothing suits: what was asked (0: any), and the nearest of what is offered.
/*@ requires readable_search(search) && \valid(why);
    requires \separated(search, search->request, why);
    assigns *why; */
void video_search_refusal(const struct video_search *search, struct message *why);

#endif
