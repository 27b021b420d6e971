// SPDX-License-Identifier: Apache-2.0
// RC4 of four keys at once for x86-64 with AVX: key schedule and generator. see rc4_four.cpp.
//
// Layout. Two pairs of lanes; row i of a pair is one quadword, S0[i] low and S1[i] high (S2, S3 in the other
// pair). A step swaps Sl[i] and Sl[j] in every lane l; i is the same in all, so that the two new Sl[i] of a
// pair are one store: 4 + 2 stores for four lanes instead of 8.
//
// One step, in lane l:
//     a = Sl[i];  j = (j + a + key octet) & 255;  b = Sl[j];  Sl[j] = a;  Sl[i] = b
// and the generator, which adds no key, then puts out Sl[(a + b) & 255].
//
// Traps.
// (1) Elements are 32 bits wide though octets would do: AMD Zen 3 takes 2.1 cycles for the loads and stores
//     of a step with octet stores to random lines and 1.5 with dword stores.
// (2) A row is never loaded whole: one of its halves may have been stored a moment ago, and a narrow store
//     does not forward to a wider load (19 cycles). Dword loads out of the quadword store do forward.
// (3) Do not hold a load of Sl[i] back until the stores before it know their addresses (a CMOV on j does
//     that): though one in 256 conflicts, it made schedule and generator 3 to 30 % slower.
//
// Registers:
//     rbp   Lanes: pairs at 0 and PAIR, the rest below
//     r8 rsi r9 rdi     j of lanes 0 1 2 3, zero-extended from their low octets
//     r10 rax           a, then a + b, of a pair's even and odd lane;  rbx rcx: b
//     r12               8*i of the first row of this 16-step block
//     r13 r14 r15 r11   schedule: the next 8 key octets of lanes 0 1 2 3
//     r13 r14           generator: where the stream goes; blocks left
// rsp is the stack pointer throughout, so a signal may arrive at any time.

#define PAIR          2048
#define KEYS          4096
#define J             4160
#define ROW           4176
#define STREAM_STRIDE 256

        .intel_syntax noprefix
        .text

// ---- entry and exit ---------------------------------------------------------------------------------------

#include "crypto/kernels/saved_registers.inc"

        .macro  enter name
        .globl  \name
        .hidden \name
        .type   \name, @function
        .p2align 6
\name:
        .cfi_startproc
        save    rbx
        save    rbp
        save    r12
        save    r13
        save    r14
        save    r15
        mov     rbp, rdi
        .endm

        .macro  leave name
        restore r15
        restore r14
        restore r13
        restore r12
        restore rbp
        restore rbx
        ret
        .cfi_endproc
        .size   \name, . - \name
        .endm

// ---- key schedule -----------------------------------------------------------------------------------------

// Sl[i] = i in one pair or both, 32 octets at a time: the stores are most of it.
        .macro  fill_tables all
        vmovdqa ymm0, [rip + first_rows]
        vmovdqa ymm1, [rip + rows_step]
        xor     eax, eax
1:      vmovdqa [rbp + rax], ymm0
        .if     \all
        vmovdqa [rbp + rax + PAIR], ymm0
        .endif
        vpaddd  ymm0, ymm0, ymm1
        add     eax, 32
        cmp     eax, PAIR
        jne     1b
        vzeroupper
        .endm

// One step of a pair of lanes, row i at \pair + r12 + \row. \j0 and \j1 are named by their 64-bit, \j0b and
// \j1b by their 8-bit names.
        .macro  schedule_pair pair, row, j0, j0b, j1, j1b, key0, key0b, key1, key1b
        mov     r10d, [rbp + r12 + \pair + \row]
        mov     eax, [rbp + r12 + \pair + \row + 4]
        add     \j0b, \key0b
        add     \j1b, \key1b
        add     \j0b, r10b
        add     \j1b, al
        shr     \key0, 8
        shr     \key1, 8
        mov     ebx, [rbp + 8*\j0 + \pair]
        mov     ecx, [rbp + 8*\j1 + \pair + 4]
        mov     [rbp + 8*\j0 + \pair], r10d
        mov     [rbp + 8*\j1 + \pair + 4], eax
        shl     rcx, 32
        or      rbx, rcx
        mov     [rbp + r12 + \pair + \row], rbx
        .endm

        .macro  schedule_8_steps half
        mov     r13, [rbp + KEYS + 8*\half]
        mov     r14, [rbp + KEYS + 16 + 8*\half]
        mov     r15, [rbp + KEYS + 32 + 8*\half]
        mov     r11, [rbp + KEYS + 48 + 8*\half]
        .irp    step, 0, 1, 2, 3, 4, 5, 6, 7
        schedule_pair 0, 64*\half + 8*\step, r8, r8b, rsi, sil, r13, r13b, r14, r14b
        schedule_pair PAIR, 64*\half + 8*\step, r9, r9b, rdi, dil, r15, r15b, r11, r11b
        .endr
        .endm

// void rc4_schedule_x86_64(Lanes*)
        enter   rc4_schedule_x86_64
        fill_tables 1
        xor     r8d, r8d
        xor     esi, esi
        xor     r9d, r9d
        xor     edi, edi
        xor     r12d, r12d
        .p2align 5
2:      schedule_8_steps 0
        schedule_8_steps 1
        add     r12d, 128
        cmp     r12d, PAIR
        jne     2b

        // The generator begins with i = j = 0.
        xor     eax, eax
        mov     [rbp + J], rax
        mov     [rbp + J + 8], rax
        mov     [rbp + ROW], eax
        leave   rc4_schedule_x86_64

// The same for lane 0 alone. A single lane is bound by latency, so the NOPs cost nothing; with them a
// schedule takes 950 cycles instead of 1,250 on AMD Zen 3 (1, 3 or 4 NOPs gain nothing), presumably because
// of which loads and stores then share an entry of the memory-dependence predictor.
        .macro  schedule_one_8_steps half
        mov     r13, [rbp + KEYS + 8*\half]
        .irp    step, 0, 1, 2, 3, 4, 5, 6, 7
        mov     r10d, [rbp + r12 + 64*\half + 8*\step]
        add     r8b, r13b
        add     r8b, r10b
        shr     r13, 8
        mov     ebx, [rbp + 8*r8]
        mov     [rbp + 8*r8], r10d
        mov     [rbp + r12 + 64*\half + 8*\step], ebx
        nop
        nop
        .endr
        .endm

// void rc4_schedule_one_x86_64(Lanes*)
        enter   rc4_schedule_one_x86_64
        fill_tables 0
        xor     r8d, r8d
        xor     r12d, r12d
        .p2align 5
2:      schedule_one_8_steps 0
        schedule_one_8_steps 1
        add     r12d, 128
        cmp     r12d, PAIR
        jne     2b

        xor     eax, eax
        mov     [rbp + J], rax
        mov     [rbp + J + 8], rax
        mov     [rbp + ROW], eax
        leave   rc4_schedule_one_x86_64

// ---- generator --------------------------------------------------------------------------------------------

// One step of a pair of lanes; its two octets of key stream become number \n of \out0 and \out1.
        .macro  generate_pair pair, row, j0, j0b, j1, j1b, out0, out1, n
        mov     r10d, [rbp + r12 + \pair + \row]
        mov     eax, [rbp + r12 + \pair + \row + 4]
        add     \j0b, r10b
        add     \j1b, al
        mov     ebx, [rbp + 8*\j0 + \pair]
        mov     ecx, [rbp + 8*\j1 + \pair + 4]
        mov     [rbp + 8*\j0 + \pair], r10d
        mov     [rbp + 8*\j1 + \pair + 4], eax
        add     r10b, bl
        add     al, cl
        shl     rcx, 32
        or      rbx, rcx
        mov     [rbp + r12 + \pair + \row], rbx
        vpinsrb \out0, \out0, byte ptr [rbp + 8*r10 + \pair], \n
        vpinsrb \out1, \out1, byte ptr [rbp + 8*rax + \pair + 4], \n
        .endm

        .macro  generate_step row, n
        generate_pair 0, \row, r8, r8b, rsi, sil, xmm0, xmm1, \n
        generate_pair PAIR, \row, r9, r9b, rdi, dil, xmm2, xmm3, \n
        .endm

// void rc4_generate_x86_64(Lanes*, std::uint8_t* stream, std::size_t blocks)
        enter   rc4_generate_x86_64
        mov     r13, rsi
        mov     r14, rdx
        mov     r8d, [rbp + J]
        mov     esi, [rbp + J + 4]
        mov     r9d, [rbp + J + 8]
        mov     edi, [rbp + J + 12]
        mov     r12d, [rbp + ROW]
        .p2align 5
1:      vpxor   xmm0, xmm0, xmm0
        vpxor   xmm1, xmm1, xmm1
        vpxor   xmm2, xmm2, xmm2
        vpxor   xmm3, xmm3, xmm3
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
        generate_step 8*\n + 8, \n
        .endr
        // i is incremented before use: a block's 16th row is the first of the next block, and row 256 is row
        // 0.
        add     r12d, 128
        and     r12d, PAIR - 1
        generate_step 0, 15
        vmovdqa [r13], xmm0
        vmovdqa [r13 + STREAM_STRIDE], xmm1
        vmovdqa [r13 + 2*STREAM_STRIDE], xmm2
        vmovdqa [r13 + 3*STREAM_STRIDE], xmm3
        add     r13, 16
        dec     r14
        jnz     1b

        mov     [rbp + J], r8d
        mov     [rbp + J + 4], esi
        mov     [rbp + J + 8], r9d
        mov     [rbp + J + 12], edi
        mov     [rbp + ROW], r12d
        leave   rc4_generate_x86_64

        .section .rodata.cst32, "aM", @progbits, 32
        .p2align 5
first_rows:
        .long   0, 0, 1, 1, 2, 2, 3, 3
rows_step:
        .long   4, 4, 4, 4, 4, 4, 4, 4

        .section .note.GNU-stack, "", @progbits
