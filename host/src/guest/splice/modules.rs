//! The code of the two modules that a component gets.

use wasm_encoder as enc;

use super::{HANDLER, MODULE, POST_RETURN};

/// The place in the guest's memory where the host writes a message: its first bytes.
mod place {
    pub(super) const SIZE: i32 = 32;
    /// Whether there is one.
    pub(super) const IS_SOME: u64 = 0;
    /// The sender.
    pub(super) const FROM: u64 = 8;
    /// Whether it is binary.
    pub(super) const KIND: u64 = 16;
    /// The address of its payload, and the number of its bytes.
    pub(super) const ADDRESS: u64 = 20;
    pub(super) const LEN: u64 = 24;
}

/// The memory of the guest, as a module imports it.
const GUEST_MEMORY: enc::MemoryType =
    enc::MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };

/// An access to the place.
fn at(offset: u64, align: u32) -> enc::MemArg {
    enc::MemArg { offset, align, memory_index: 0 }
}

/// The module that saves and restores the bytes of the place.
pub(super) fn keeper() -> enc::Module {
    use enc::ValType::{I32, I64};
    let (realloc_type, plain_type) = (0, 1);
    let mut types = enc::TypeSection::new();
    types.ty().function([I32; 4], [I32]);
    types.ty().function([], []);
    let mut imports = enc::ImportSection::new();
    imports.import("", "memory", GUEST_MEMORY);
    imports.import("", "realloc", enc::EntityType::Function(realloc_type));
    let [guest_realloc, realloc, save, restore] = [0, 1, 2, 3];
    let mut functions = enc::FunctionSection::new();
    functions.function(realloc_type).function(plain_type).function(plain_type);
    let words = place::SIZE as u32 / 8;
    let mut globals = enc::GlobalSection::new();
    for _ in 0..words {
        globals.global(enc::GlobalType { val_type: I64, mutable: true, shared: false }, &enc::ConstExpr::i64_const(0));
    }
    let mut exports = enc::ExportSection::new();
    exports.export("realloc", enc::ExportKind::Func, realloc);
    exports.export("save", enc::ExportKind::Func, save);
    exports.export("restore", enc::ExportKind::Func, restore);

    // The host may have written a part of the message already: the guest's allocator does not see it.
    let (size, address, first_word) = (3, 4, 5);
    let mut reallocates = enc::Function::new([(1, I32), (words, I64)]);
    let mut code = reallocates.instructions();
    for word in 0..words {
        code.i32_const(0).i64_load(at(u64::from(word) * 8, 3)).local_set(first_word + word);
    }
    code.call(restore);
    for param in 0..4 {
        code.local_get(param);
    }
    code.call(guest_realloc).local_tee(address).i32_const(place::SIZE).i32_lt_u();
    code.local_get(size).i32_const(0).i32_ne().i32_and();
    code.if_(enc::BlockType::Empty).unreachable().end();
    code.call(save);
    for word in 0..words {
        code.i32_const(0).local_get(first_word + word).i64_store(at(u64::from(word) * 8, 3));
    }
    code.local_get(address).end();
    let mut saves = enc::Function::new([]);
    let mut code = saves.instructions();
    for word in 0..words {
        code.i32_const(0).i64_load(at(u64::from(word) * 8, 3)).global_set(word);
    }
    code.end();
    let mut restores = enc::Function::new([]);
    let mut code = restores.instructions();
    for word in 0..words {
        code.i32_const(0).global_get(word).i64_store(at(u64::from(word) * 8, 3));
    }
    code.end();
    let mut code = enc::CodeSection::new();
    code.function(&reallocates).function(&saves).function(&restores);

    let mut module = enc::Module::new();
    module.section(&types).section(&imports).section(&functions).section(&globals).section(&exports).section(&code);
    module.section(&named());
    module
}

/// The module with the loop. It calls a guest's function `post-return` behind the handler if there is one, as the host does.
pub(super) fn looping(has_post_return: bool) -> enc::Module {
    use enc::ValType::{I32, I64};
    let (next_type, handler_type, plain_type) = (0, 1, 2);
    let mut types = enc::TypeSection::new();
    types.ty().function([I32], []);
    types.ty().function([I64, I32, I32, I32], []);
    types.ty().function([], []);
    let mut imports = enc::ImportSection::new();
    imports.import("", "memory", GUEST_MEMORY);
    imports.import("", "save", enc::EntityType::Function(plain_type));
    imports.import("", "restore", enc::EntityType::Function(plain_type));
    imports.import("", "next", enc::EntityType::Function(next_type));
    imports.import("", HANDLER, enc::EntityType::Function(handler_type));
    if has_post_return {
        imports.import("", POST_RETURN, enc::EntityType::Function(plain_type));
    }
    let [save, restore, next, handler, post_return] = [0, 1, 2, 3, 4];
    let run = imports.len() - 1;
    let mut functions = enc::FunctionSection::new();
    functions.function(plain_type);
    let mut exports = enc::ExportSection::new();
    exports.export("run", enc::ExportKind::Func, run);

    let (is_some, from, kind, address, len) = (0, 1, 2, 3, 4);
    let mut body = enc::Function::new([(1, I32), (1, I64), (3, I32)]);
    let mut code = body.instructions();
    code.loop_(enc::BlockType::Empty);
    code.call(save).i32_const(0).call(next);
    code.i32_const(0).i32_load8_u(at(place::IS_SOME, 0)).local_set(is_some);
    code.i32_const(0).i64_load(at(place::FROM, 3)).local_set(from);
    code.i32_const(0).i32_load8_u(at(place::KIND, 0)).local_set(kind);
    code.i32_const(0).i32_load(at(place::ADDRESS, 2)).local_set(address);
    code.i32_const(0).i32_load(at(place::LEN, 2)).local_set(len);
    code.call(restore).local_get(is_some).if_(enc::BlockType::Empty);
    code.local_get(from).local_get(kind).local_get(address).local_get(len).call(handler);
    if has_post_return {
        code.call(post_return);
    }
    code.br(1).end().end().end();
    let mut code = enc::CodeSection::new();
    code.function(&body);

    let mut module = enc::Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code).section(&named());
    module
}

/// The name of both modules, which backtraces have.
fn named() -> enc::NameSection {
    let mut names = enc::NameSection::new();
    names.module(MODULE);
    names
}
