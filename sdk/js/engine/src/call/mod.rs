//! The values of one call between the host and JavaScript, in both directions.

mod pop;
mod push;

use std::alloc::Layout;
use std::ffi::c_char;
use std::ptr::NonNull;
use std::slice;

use rquickjs::function::Args;
use rquickjs::{Ctx, Persistent, Value, qjs};
use smallvec::SmallVec;
use wit_dylib_ffi::{Call, Enum, Flags, Future, List, Map, Record, Resource, Stream, Tuple, Variant, WitOption, WitResult};

use crate::native;
use crate::state::with_ctx;

/// A stack of values: arguments go in, the answer comes out.
#[derive(Default)]
pub(crate) struct CallContext {
    stack: Vec<Persistent<Value<'static>>>,
    /// The next index of each list that is read.
    next: SmallVec<[usize; 4]>,
    /// Strings of QuickJS, and others, that the host reads until the call ends.
    texts: SmallVec<[NonNull<c_char>; 4]>,
    strings: SmallVec<[String; 1]>,
    /// Arrays that the host reads until the call ends.
    held: SmallVec<[Persistent<Value<'static>>; 2]>,
    /// Memory that the host reads until the call ends.
    buffers: SmallVec<[(*mut u8, Layout); 4]>,
}

impl CallContext {
    pub(crate) fn push_value<'js>(&mut self, ctx: &Ctx<'js>, value: Value<'js>) {
        self.stack.push(Persistent::save(ctx, value));
    }

    fn pop_value<'js>(&mut self, ctx: &Ctx<'js>) -> Value<'js> {
        let value = self.stack.pop().expect("the contract tells how many values there are");
        value.restore(ctx).expect("it is of this runtime")
    }

    /// The value on top, which stays.
    fn top<'js>(&self, ctx: &Ctx<'js>) -> Value<'js> {
        let value = self.stack.last().expect("the contract tells how many values there are").clone();
        value.restore(ctx).expect("it is of this runtime")
    }

    /// Keeps a string as UTF-8 until the call ends. QuickJS gives out the characters of an ASCII string themselves.
    fn held_text(&mut self, text: &rquickjs::String<'_>) -> (*const u8, usize) {
        let mut length = 0;
        // SAFETY: the context lives, and the text is freed when this is dropped.
        let start = unsafe { qjs::JS_ToCStringLen(text.ctx().as_raw().as_ptr(), &raw mut length, text.as_raw()) };
        let start = NonNull::new(start.cast_mut()).expect("there is memory for the text");
        self.texts.push(start);
        let length = usize::try_from(length).expect("a length is a size");
        // SAFETY: QuickJS tells the length.
        let bytes = unsafe { slice::from_raw_parts(start.as_ptr().cast::<u8>(), length) };
        if str::from_utf8(bytes).is_ok() {
            return (bytes.as_ptr(), length);
        }
        let replaced = native::text::well_formed(bytes.to_vec());
        let held = (replaced.as_ptr(), replaced.len());
        self.strings.push(replaced);
        held
    }

    /// Takes the answer of a function, if it has one.
    pub(crate) fn pop_answer<'js>(&mut self, ctx: &Ctx<'js>) -> rquickjs::Result<Option<Value<'js>>> {
        self.stack.pop().map(|value| value.restore(ctx)).transpose()
    }

    /// Takes all values as the arguments of a function.
    pub(crate) fn take_arguments<'js>(&mut self, ctx: &Ctx<'js>) -> Args<'js> {
        let mut args = Args::new(ctx.clone(), self.stack.len());
        for value in self.stack.drain(..) {
            let pushed = value.restore(ctx).and_then(|value| args.push_arg(value));
            pushed.expect("the arguments were counted");
        }
        args
    }
}

impl Drop for CallContext {
    fn drop(&mut self) {
        if !self.texts.is_empty() {
            with_ctx(|ctx| {
                for text in self.texts.drain(..) {
                    // SAFETY: each text came from `JS_ToCStringLen` of this context, and is listed once.
                    unsafe { qjs::JS_FreeCString(ctx.as_raw().as_ptr(), text.as_ptr()) };
                }
            });
        }
        for (buffer, layout) in self.buffers.drain(..) {
            // SAFETY: each buffer was allocated with its layout, and is listed once.
            unsafe { std::alloc::dealloc(buffer, layout) };
        }
    }
}

/// Implements methods of `Call` by functions of a module.
macro_rules! by {
    ($($module:ident: $($name:ident($($arg:ident: $ty:ty),*) $(-> $out:ty)?),+;)+) => {
        $($(fn $name(&mut self $(, $arg: $ty)*) $(-> $out)? { $module::$name(self $(, $arg)*) })+)+
    };
}

/// Methods for types that the contract does not have.
macro_rules! never {
    ($($name:ident($($ty:ty),*) $(-> $out:ty)?),+) => {
        $(fn $name(&mut self $(, _: $ty)*) $(-> $out)? { unreachable!("the contract has no maps, futures or streams") })+
    };
}

impl Call for CallContext {
    unsafe fn defer_deallocate(&mut self, buffer: *mut u8, layout: Layout) {
        self.buffers.push((buffer, layout));
    }

    unsafe fn maybe_pop_list(&mut self, ty: List) -> Option<(*const u8, usize)> {
        pop::bytes(self, ty)
    }

    unsafe fn push_raw_list(&mut self, ty: List, ptr: *mut u8, len: usize) -> bool {
        // SAFETY: the caller hands over memory that the allocator gave out for `len` elements.
        unsafe { push::raw_list(self, ty, ptr, len) }
    }

    fn pop_string(&mut self) -> &str {
        pop::string(self)
    }

    by! {
        pop: pop_bool() -> bool, pop_char() -> char,
            pop_u8() -> u8, pop_s8() -> i8, pop_u16() -> u16, pop_s16() -> i16, pop_u32() -> u32, pop_s32() -> i32,
            pop_u64() -> u64, pop_s64() -> i64, pop_f32() -> f32, pop_f64() -> f64,
            pop_enum(ty: Enum) -> u32, pop_flags(ty: Flags) -> u32, pop_option(ty: WitOption) -> u32,
            pop_result(ty: WitResult) -> u32, pop_variant(ty: Variant) -> u32, pop_record(ty: Record), pop_tuple(ty: Tuple),
            pop_list(ty: List) -> usize, pop_list_iter_next(ty: List), pop_list_iter(ty: List),
            pop_borrow(ty: Resource) -> u32, pop_own(ty: Resource) -> u32;
        push: push_bool(value: bool), push_char(value: char),
            push_u8(value: u8), push_s8(value: i8), push_u16(value: u16), push_s16(value: i16), push_u32(value: u32),
            push_s32(value: i32), push_u64(value: u64), push_s64(value: i64), push_f32(value: f32), push_f64(value: f64),
            push_string(value: String), push_enum(ty: Enum, case: u32), push_flags(ty: Flags, bits: u32),
            push_option(ty: WitOption, is_some: bool), push_result(ty: WitResult, is_err: bool),
            push_variant(ty: Variant, case: u32), push_record(ty: Record), push_tuple(ty: Tuple),
            push_list(ty: List, capacity: usize), list_append(ty: List),
            push_borrow(ty: Resource, handle: u32), push_own(ty: Resource, handle: u32);
    }

    never!(
        pop_map(Map) -> usize, pop_map_iter_next(Map), pop_map_iter(Map), push_map(Map, usize), map_append(Map),
        pop_future(Future) -> u32, pop_stream(Stream) -> u32, push_future(Future, u32), push_stream(Stream, u32)
    );
}
