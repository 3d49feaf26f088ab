//! From the host to JavaScript.

use rquickjs::{Array, Ctx, IntoJs, Object, TypedArray, Value};
use smallvec::SmallVec;
use wit_dylib_ffi::{Enum, Flags, List, Record, Resource, Tuple, Type, Variant, WitOption, WitResult};

use super::{CallContext, pop};
use crate::state::with_ctx;
use crate::{names, resources};

/// Only memory can run out when a value is made.
const MADE: &str = "there is memory for the value";

fn plain(cx: &mut CallContext, value: impl for<'js> IntoJs<'js>) {
    with_ctx(|ctx| {
        let value = value.into_js(ctx).expect(MADE);
        cx.push_value(ctx, value);
    });
}

macro_rules! plain {
    ($($name:ident: $ty:ty),+) => {
        $(pub(super) fn $name(cx: &mut CallContext, value: $ty) { plain(cx, value) })+
    };
}

plain! {
    push_bool: bool, push_char: char, push_u8: u8, push_s8: i8, push_u16: u16, push_s16: i16, push_u32: u32, push_s32: i32,
    push_u64: u64, push_s64: i64, push_f32: f32, push_f64: f64, push_string: String
}

/// Makes a typed array of bytes, without a copy.
///
/// # Safety
///
/// `ptr` owns `len` bytes of the allocator.
pub(super) unsafe fn raw_list(cx: &mut CallContext, ty: List, ptr: *mut u8, len: usize) -> bool {
    if !matches!(ty.ty(), Type::U8) {
        return false;
    }
    // SAFETY: see above.
    let bytes = unsafe { Vec::from_raw_parts(ptr, len, len) };
    with_ctx(|ctx| {
        let array = TypedArray::<u8>::new(ctx.clone(), bytes).expect(MADE);
        cx.push_value(ctx, array.into_value());
    });
    true
}

pub(super) fn push_list(cx: &mut CallContext, _ty: List, _capacity: usize) {
    with_ctx(|ctx| {
        let array = Array::new(ctx.clone()).expect(MADE);
        cx.push_value(ctx, array.into_value());
    });
}

pub(super) fn list_append(cx: &mut CallContext, _ty: List) {
    with_ctx(|ctx| {
        let element = cx.pop_value(ctx);
        let array = cx.top(ctx).into_array().expect("the list was begun");
        array.set(array.len(), element).expect(MADE);
    });
}

/// Takes `count` values, the first one first.
fn taken<'js>(cx: &mut CallContext, ctx: &Ctx<'js>, count: usize) -> SmallVec<[Value<'js>; 8]> {
    let mut values: SmallVec<_> = (0..count).map(|_| cx.pop_value(ctx)).collect();
    values.reverse();
    values
}

pub(super) fn push_tuple(cx: &mut CallContext, ty: Tuple) {
    with_ctx(|ctx| {
        let array = Array::new(ctx.clone()).expect(MADE);
        for (index, value) in taken(cx, ctx, ty.types().len()).into_iter().enumerate() {
            array.set(index, value).expect(MADE);
        }
        cx.push_value(ctx, array.into_value());
    });
}

pub(super) fn push_record(cx: &mut CallContext, ty: Record) {
    with_ctx(|ctx| {
        let object = Object::new(ctx.clone()).expect(MADE);
        let values = taken(cx, ctx, ty.fields().len());
        for ((name, _), value) in ty.fields().zip(values) {
            object.set(names::of_function(ctx, name), value).expect(MADE);
        }
        cx.push_value(ctx, object.into_value());
    });
}

pub(super) fn push_option(cx: &mut CallContext, ty: WitOption, is_some: bool) {
    if pop::is_nested(ty) {
        tagged(cx, if is_some { "some" } else { "none" }, is_some);
    } else if !is_some {
        with_ctx(|ctx| cx.push_value(ctx, Value::new_null(ctx.clone())));
    }
}

pub(super) fn push_result(cx: &mut CallContext, ty: WitResult, is_err: bool) {
    let (tag, payload) = if is_err { ("err", ty.err()) } else { ("ok", ty.ok()) };
    tagged(cx, tag, payload.is_some());
}

pub(super) fn push_variant(cx: &mut CallContext, ty: Variant, case: u32) {
    let (name, payload) = ty.cases().nth(case as usize).expect("the host knows the cases");
    tagged(cx, name, payload.is_some());
}

/// Replaces the payload by `{ tag, val }`.
fn tagged(cx: &mut CallContext, tag: &str, has_payload: bool) {
    with_ctx(|ctx| {
        let object = Object::new(ctx.clone()).expect(MADE);
        object.set("tag", tag).expect(MADE);
        if has_payload {
            object.set("val", cx.pop_value(ctx)).expect(MADE);
        }
        cx.push_value(ctx, object.into_value());
    });
}

pub(super) fn push_enum(cx: &mut CallContext, ty: Enum, case: u32) {
    plain(cx, ty.names().nth(case as usize).expect("the host knows the cases"));
}

pub(super) fn push_flags(cx: &mut CallContext, ty: Flags, bits: u32) {
    with_ctx(|ctx| {
        let object = Object::new(ctx.clone()).expect(MADE);
        for (index, name) in ty.names().enumerate() {
            object.set(names::of_function(ctx, name), bits & (1 << index) != 0).expect(MADE);
        }
        cx.push_value(ctx, object.into_value());
    });
}

pub(super) fn push_borrow(cx: &mut CallContext, ty: Resource, handle: u32) {
    push_own(cx, ty, handle);
}

pub(super) fn push_own(cx: &mut CallContext, ty: Resource, handle: u32) {
    with_ctx(|ctx| {
        let object = resources::object(ctx, ty, handle).expect(MADE);
        cx.push_value(ctx, object.into_value());
    });
}
