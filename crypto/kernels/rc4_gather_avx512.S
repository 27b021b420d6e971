// SPDX-License-Identifier: Apache-2.0
// RC4 of 16 keys at once (zmm) or 8 (ymm) by gather and scatter: key schedule and generator. Needs AVX-512 F
// and, for 8, VL. rc4_gather_avx512.cpp calls it; the steps are in rc4_gather_avx512_steps.inc, assembled twice.
//
// Layout. Row i of the table is one vector with S[i] of every lane, 16 dwords or 8; 256 rows, and four behind
// them that are loaded and never used. i is the same in all lanes, so S[i] is loaded and stored as a whole; S[j]
// is gathered and scattered.
//
// Elements are stored multiplied by LANES, and j is kept as LANES * j + lane: masked with MASK it is the very
// index of the dword S[j], and sums of elements need no shift.
//
// Traps (measured with a prototype on an Intel Granite Rapids; cycles per schedule, 303 without any of them).
// (1) A row that is loaded right after a scatter into it waits some 22 cycles for it. So rows are loaded DEPTH
//     steps ahead, and a scatter into a row that is already in a register is repeated there (compare, masked
//     move): 499 without.
// (2) The load of a row must not start before the older stores know their addresses; the core guesses, guesses
//     wrong, and starts again. So it is gated: the mask that the gather has emptied, which is 0 and comes
//     after j, is added to the row's address: 468 without.
// (3) Keys stay in registers. As memory operands they cost 409 to 449 in one process of five, for its whole
//     life, by the page they happened to be in.
// (4) Gather after scatter is well; gather after scalar stores takes 1,040 and more.
//
// Nothing is pushed, and no register is used that a caller keeps, so the frame is the caller's throughout.

        .intel_syntax noprefix
        .text

#define DEPTH 4

// 16 lanes: a row is 64 octets.
#define LANES      16
#define LANES_LOG2 4
#define ROW        64
#define V(n)       zmm##n
#define NAME(what) rc4_gather16_##what
#include "crypto/kernels/rc4_gather_avx512_steps.inc"

#undef LANES
#undef LANES_LOG2
#undef ROW
#undef V
#undef NAME

// 8 lanes: a row is 32 octets.
#define LANES      8
#define LANES_LOG2 3
#define ROW        32
#define V(n)       ymm##n
#define NAME(what) rc4_gather8_##what
#include "crypto/kernels/rc4_gather_avx512_steps.inc"

        .section .rodata.cst64, "aM", @progbits, 64
        .p2align 6
lane_numbers:
        .long   0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15

        .section .note.GNU-stack, "", @progbits
