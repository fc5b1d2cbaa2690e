// What rustc links with every crate besides `core`. The real one, which Debian's rust-src lacks, has memcpy,
// wide division and the like; hello.rs calls none of them, and would not link if it did.
#![feature(compiler_builtins)]
#![compiler_builtins]
#![no_builtins]
#![no_std]
