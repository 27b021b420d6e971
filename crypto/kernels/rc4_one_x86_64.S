// SPDX-License-Identifier: Apache-2.0
// The RC4 key schedule of one key for x86-64, with S[i] loaded ahead. see rc4_one.cpp, whose table it fills.
//
// One step:
//     a = S[i];  j = (j + a + key octet) & 255;  b = S[j];  S[j] = a;  S[i] = b
//
// A lone key is bound by latency. Left to itself, S[i + 1] is loaded after S[j] was stored, perhaps into the same
// element: the core waits for the address of the store (8 cycles a step on an Intel Granite Rapids), or guesses
// and starts again. So S[i] is loaded DEPTH steps ahead, and in the few steps in which S[j] is one of those in
// registers, a branch that is rarely taken corrects the register. The load is also gated: its address
// has 0 added that is computed from j, so that it never starts before the store's address is known.
// Cycles per schedule on that core: 2,050 without both, 1,784 with the gate alone, 1,140 with loads ahead alone,
// 735 to 755 with both; CMOVs instead of the branch make 920 to 1,190 of it.
//
// Registers:
//     rdi              table: 256 dwords, and DEPTH behind them that are loaded and never used
//     rsi              key, 16 octets
//     rdx              &S[i] of the first step of this block of 16 steps
//     r9               - i of that step
//     r8               j, zero-extended from its low octet
//     r10 r11 rcx rax  S[i] to S[i + 3], in turn
//     r12              the next 8 key octets
//     rbp rbx          b; scratch, then the gate
// rsp is the stack pointer throughout, so a signal may arrive at any time.

#define DEPTH 4

        .intel_syntax noprefix
        .text

#include "crypto/kernels/saved_registers.inc"

// Step \n of a block. \a and \a64: S[i], by its 32-bit and 64-bit names.
        .macro  step n, a, a64
        lea     ebx, [\a64 + r12]
        shr     r12, 8
        add     r8b, bl                         // j
        mov     ebp, [rdi + 4*r8]
        mov     [rdi + 4*r8], \a                // S[j] = a
        mov     [rdx + 4*(\n)], ebp             // S[i] = b
        lea     ebx, [r8 + r9 - (\n) - 1]       // from S[i + 1] to S[j]
        cmp     bl, DEPTH - 1
        jb      ahead_\n
done_\n:
        mov     ebx, r8d
        shr     ebx, 8                          // the gate
        mov     \a, [rdx + rbx + 4*(\n + DEPTH)]
        .endm

        .macro  step_4 n0, n1, n2, n3
        step    \n0, r10d, r10
        step    \n1, r11d, r11
        step    \n2, ecx, rcx
        step    \n3, eax, rax
        .endm

// S[j] is S[i + 1], S[i + 2] or S[i + 3]: bl is 0, 1 or 2.
        .macro  correct n, a, a1, a2, a3
ahead_\n:
        cmp     bl, 1
        cmovb   \a1, \a
        cmove   \a2, \a
        cmova   \a3, \a
        jmp     done_\n
        .endm

        .macro  correct_4 n0, n1, n2, n3
        correct \n0, r10d, r11d, ecx, eax
        correct \n1, r11d, ecx, eax, r10d
        correct \n2, ecx, eax, r10d, r11d
        correct \n3, eax, r10d, r11d, ecx
        .endm

// void rc4_schedule_ahead_x86_64(std::uint32_t* table, const std::uint64_t (&key)[2])
        .globl  rc4_schedule_ahead_x86_64
        .hidden rc4_schedule_ahead_x86_64
        .type   rc4_schedule_ahead_x86_64, @function
        .p2align 6
rc4_schedule_ahead_x86_64:
        .cfi_startproc
        save    rbx
        save    rbp
        save    r12

        // S[i] = i, four at a time.
        movdqa  xmm0, [rip + first_elements]
        movdqa  xmm1, [rip + elements_step]
        xor     eax, eax
1:      movdqa  [rdi + rax], xmm0
        paddd   xmm0, xmm1
        movdqa  [rdi + rax + 16], xmm0
        paddd   xmm0, xmm1
        add     eax, 32
        cmp     eax, 4*256
        jne     1b

        mov     rdx, rdi
        xor     r8d, r8d
        xor     r9d, r9d
        xor     r10d, r10d
        mov     r11d, 1
        mov     ecx, 2
        mov     eax, 3
        .p2align 5
2:      mov     r12, [rsi]
        step_4  0, 1, 2, 3
        step_4  4, 5, 6, 7
        mov     r12, [rsi + 8]
        step_4  8, 9, 10, 11
        step_4  12, 13, 14, 15
        add     rdx, 4*16
        sub     r9d, 16
        cmp     r9d, -256
        jne     2b

        restore r12
        restore rbp
        restore rbx
        ret

        // Out of line. The frame is that of the loop.
        .cfi_def_cfa_offset 32
        .cfi_rel_offset rbx, 16
        .cfi_rel_offset rbp, 8
        .cfi_rel_offset r12, 0
        correct_4 0, 1, 2, 3
        correct_4 4, 5, 6, 7
        correct_4 8, 9, 10, 11
        correct_4 12, 13, 14, 15
        .cfi_endproc
        .size   rc4_schedule_ahead_x86_64, . - rc4_schedule_ahead_x86_64

        .section .rodata.cst16, "aM", @progbits, 16
        .p2align 4
first_elements:
        .long   0, 1, 2, 3
elements_step:
        .long   4, 4, 4, 4

        .section .note.GNU-stack, "", @progbits
