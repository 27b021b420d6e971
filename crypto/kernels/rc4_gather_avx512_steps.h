// SPDX-License-Identifier: Apache-2.0
// The body of rc4_gather_avx512.S, assembled for LANES lanes. What the table holds, and why, is said there.
//
// One step, in every lane:
//     a = S[i];  j = (j + a + key octet) & 255;  b = S[j];  S[i] = b;  S[j] = a
// and the generator, which adds no key, then puts out S[(a + b) & 255].
//
// Registers of both:
//     rdi         the table; J and I_ROW lie behind it
//     rdx         row i of the first step of this block of 16 steps
//     rax         the gate: 0, but only once the gather is done
//     V(0..3)     the next rows, loaded ahead, in turn
//     V(4..7)     schedule: LANES * i + lane of those rows;  generator: V(4) of the next row alone
//     V(8..11)    what is gathered, in turn: a gather writes into its target, so it waits for who read it last
//     V(12)       LANES * j + lane
//     V(13) V(14) MASK; what is added to row numbers
//     V(15)       scratch
//     V(16..31)   schedule: LANES * key octet, octet n in V(16 + n);  generator: V(16) lane, V(17) key stream
//     k1 k2 k3    gather, compare, scatter

#define MASK (256 * LANES - 1)
#define J ((256 + DEPTH) * ROW)
#define I_ROW (J + ROW)

// ---- key schedule -----------------------------------------------------------------------------------------

// The octets of one dword of every key, multiplied by LANES, into four registers.
.macro  spread_key word, octet0, octet1, octet2, octet3
        vmovdqa32 V(15), [rsi + \word*ROW]
        vpslld  \octet0, V(15), LANES_LOG2
        vpsrld  \octet1, V(15), 8 - LANES_LOG2
        vpsrld  \octet2, V(15), 16 - LANES_LOG2
        vpsrld  \octet3, V(15), 24 - LANES_LOG2
        vpandd  \octet0, \octet0, V(14)
        vpandd  \octet1, \octet1, V(14)
        vpandd  \octet2, \octet2, V(14)
        vpandd  \octet3, \octet3, V(14)
        .endm

// A row that is already in a register, when S[j] is in it.
        .macro  scatter_ahead row, number, a
        vpcmpeqd k2, V(12), \number
        vmovdqa32 \row\(){k2}, \a
        .endm

// Step \n of a block. \a: S[i]; \i: its number; \a1 to \a3 and \i1 to \i3: those of the rows behind it.
        .macro  schedule_step n, key, b, a, i, a1, i1, a2, i2, a3, i3
        vpaddd  V(15), \a, \key
        vpaddd  V(12), V(12), V(15)
        vpandd  V(12), V(12), V(13)             // j
        kxnorw  k1, k1, k1
        vpgatherdd \b\(){k1}, [rdi + 4*V(12)]
        scatter_ahead \a1, \i1, \a
        scatter_ahead \a2, \i2, \a
        scatter_ahead \a3, \i3, \a
        vmovdqa32 [rdx + (\n)*ROW], \b            // S[i] = b
        kxnorw  k3, k3, k3
        vpscatterdd [rdi + 4*V(12)]{k3}, \a     // S[j] = a
        kmovw   eax, k1                         // the gate
        vmovdqa32 \a, [rdx + rax + (\n + DEPTH)*ROW]
        vpaddd  \i, \i, V(14)
        .endm

        .macro  schedule_4_steps n, key0, key1, key2, key3
        schedule_step \n,     \key0, V(8),  V(0), V(4), V(1), V(5), V(2), V(6), V(3), V(7)
        schedule_step \n + 1, \key1, V(9),  V(1), V(5), V(2), V(6), V(3), V(7), V(0), V(4)
        schedule_step \n + 2, \key2, V(10), V(2), V(6), V(3), V(7), V(0), V(4), V(1), V(5)
        schedule_step \n + 3, \key3, V(11), V(3), V(7), V(0), V(4), V(1), V(5), V(2), V(6)
        .endm

        .macro  broadcast to, value
        mov     eax, \value
        vpbroadcastd \to, eax
        .endm

// void NAME(schedule)(Table*, const std::uint32_t words[4][LANES])
        .globl  NAME(schedule)
        .hidden NAME(schedule)
        .type   NAME(schedule), @function
        .p2align 6
NAME(schedule):
        .cfi_startproc
        broadcast V(14), 255*LANES
        spread_key 0, V(16), V(17), V(18), V(19)
        spread_key 1, V(20), V(21), V(22), V(23)
        spread_key 2, V(24), V(25), V(26), V(27)
        spread_key 3, V(28), V(29), V(30), V(31)

        // S[i] = i
        vpxor   xmm0, xmm0, xmm0
        broadcast V(15), LANES
        mov     rdx, rdi
        lea     rcx, [rdi + 256*ROW]
1:      vmovdqa32 [rdx], V(0)
        vpaddd  V(0), V(0), V(15)
        vmovdqa32 [rdx + ROW], V(0)
        vpaddd  V(0), V(0), V(15)
        add     rdx, 2*ROW
        cmp     rdx, rcx
        jne     1b

        broadcast V(13), MASK
        broadcast V(14), DEPTH*LANES
        vmovdqa32 V(12), [rip + lane_numbers]
        vmovdqa32 V(4), V(12)
        vpaddd  V(5), V(4), V(15)
        vpaddd  V(6), V(5), V(15)
        vpaddd  V(7), V(6), V(15)
        vmovdqa32 V(0), [rdi]
        vmovdqa32 V(1), [rdi + ROW]
        vmovdqa32 V(2), [rdi + 2*ROW]
        vmovdqa32 V(3), [rdi + 3*ROW]
        mov     rdx, rdi
        .p2align 5
2:      schedule_4_steps 0,  V(16), V(17), V(18), V(19)
        schedule_4_steps 4,  V(20), V(21), V(22), V(23)
        schedule_4_steps 8,  V(24), V(25), V(26), V(27)
        schedule_4_steps 12, V(28), V(29), V(30), V(31)
        add     rdx, 16*ROW
        cmp     rdx, rcx
        jne     2b

        // The generator begins with i = j = 0.
        vmovdqa32 V(12), [rip + lane_numbers]
        vmovdqa32 [rdi + J], V(12)
        xor     eax, eax
        mov     [rdi + I_ROW], rax
        vzeroupper
        ret
        .cfi_endproc
        .size   NAME(schedule), . - NAME(schedule)

// ---- generator --------------------------------------------------------------------------------------------

// Step \n of a block, row i at \here; \ahead: where row i + 2 is. The octet of key stream becomes number
// \octet of the dwords in V(17). Elements and octets differ by LANES_LOG2 bits.
        .macro  generate_step a, a1, b, out, here, ahead, octet
        vpaddd  V(12), V(12), \a
        vpandd  V(12), V(12), V(13)             // j
        kxnorw  k1, k1, k1
        vpgatherdd \b\(){k1}, [rdi + 4*V(12)]
        scatter_ahead \a1, V(4), \a
        vpaddd  V(4), V(4), V(14)
        vmovdqa32 [\here], \b                   // S[i] = b
        kxnorw  k3, k3, k3
        vpscatterdd [rdi + 4*V(12)]{k3}, \a     // S[j] = a
        kmovw   eax, k1                         // the gate
        vpaddd  V(15), \a, \b
        vmovdqa32 \a, [\ahead + rax]
        vpternlogd V(15), V(13), V(16), 0xEA    // (a + b) & MASK | lane
        kxnorw  k1, k1, k1
        vpgatherdd \out\(){k1}, [rdi + 4*V(15)]
        .if     \octet == 0
        vpsrld  V(17), \out, LANES_LOG2
        .else
        vpslld  \out, \out, 8*\octet - LANES_LOG2
        vpord   V(17), V(17), \out
        .endif
        .endm

// Two steps, which are octets \octet and \octet + 1 of a dword.
        .macro  generate_2_steps here0, here1, ahead0, ahead1, octet
        generate_step V(0), V(1), V(8), V(10), \here0, \ahead0, \octet
        generate_step V(1), V(0), V(9), V(11), \here1, \ahead1, (\octet + 1)
        .endm

// void NAME(generate)(Table*, std::uint32_t (*stream)[LANES], std::size_t blocks)
        .globl  NAME(generate)
        .hidden NAME(generate)
        .type   NAME(generate), @function
        .p2align 6
NAME(generate):
        .cfi_startproc
        mov     r8, rdx                         // blocks left
        mov     r9, [rdi + I_ROW]               // rdx - rdi
        lea     rdx, [rdi + r9]
        vmovdqa32 V(12), [rdi + J]
        vmovdqa32 V(16), [rip + lane_numbers]
        broadcast V(13), MASK
        broadcast V(14), LANES
        // i is incremented before use: a block begins with row 1 behind rdx. V(4) is the number of row 2.
        lea     eax, [r9 + 2*ROW]
        shr     eax, 2
        vpbroadcastd V(4), eax
        vpaddd  V(4), V(4), V(16)
        vmovdqa32 V(0), [rdx + ROW]
        vmovdqa32 V(1), [rdx + 2*ROW]
        .p2align 5
1:      add     r9d, 16*ROW                     // rcx: the block behind this one, of which the last steps need
        and     r9d, 256*ROW - 1                // three rows; behind row 255 is row 0
        lea     rcx, [rdi + r9]
        generate_2_steps rdx + ROW,    rdx + 2*ROW,  rdx + 3*ROW,  rdx + 4*ROW,  0
        generate_2_steps rdx + 3*ROW,  rdx + 4*ROW,  rdx + 5*ROW,  rdx + 6*ROW,  2
        vmovdqa32 [rsi], V(17)
        generate_2_steps rdx + 5*ROW,  rdx + 6*ROW,  rdx + 7*ROW,  rdx + 8*ROW,  0
        generate_2_steps rdx + 7*ROW,  rdx + 8*ROW,  rdx + 9*ROW,  rdx + 10*ROW, 2
        vmovdqa32 [rsi + ROW], V(17)
        generate_2_steps rdx + 9*ROW,  rdx + 10*ROW, rdx + 11*ROW, rdx + 12*ROW, 0
        generate_2_steps rdx + 11*ROW, rdx + 12*ROW, rdx + 13*ROW, rdx + 14*ROW, 2
        vmovdqa32 [rsi + 2*ROW], V(17)
        generate_2_steps rdx + 13*ROW, rdx + 14*ROW, rdx + 15*ROW, rcx,          0
        vpandd  V(4), V(4), V(13)               // row 256 is row 0
        generate_2_steps rdx + 15*ROW, rcx,          rcx + ROW,    rcx + 2*ROW,  2
        vmovdqa32 [rsi + 3*ROW], V(17)
        add     rsi, 4*ROW
        mov     rdx, rcx
        dec     r8
        jnz     1b

        vmovdqa32 [rdi + J], V(12)
        mov     [rdi + I_ROW], r9
        vzeroupper
        ret
        .cfi_endproc
        .size   NAME(generate), . - NAME(generate)

        .purgem spread_key
        .purgem scatter_ahead
        .purgem schedule_step
        .purgem schedule_4_steps
        .purgem broadcast
        .purgem generate_step
        .purgem generate_2_steps
#undef MASK
#undef J
#undef I_ROW
