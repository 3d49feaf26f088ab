//! From JavaScript to the host.

use std::slice;

use rquickjs::{Array, Coerced, FromJs, Value};
use wit_dylib_ffi::{Enum, Flags, List, Record, Resource, Tuple, Type, Variant, WitOption, WitResult};

use super::CallContext;
use crate::state::with_ctx;
use crate::tagged::decode_tagged;
use crate::{names, resources};

/// Takes the value on top of the stack.
fn taken<R: 'static>(cx: &mut CallContext, read: impl FnOnce(Value<'_>) -> R) -> R {
    with_ctx(|ctx| read(cx.pop_value(ctx)))
}

/// Takes a number or a boolean.
fn plain<T: for<'js> FromJs<'js> + 'static>(cx: &mut CallContext) -> T {
    taken(cx, |value| {
        let kind = value.type_of();
        value.get().unwrap_or_else(|_| panic!("the host takes a number here, not {kind}"))
    })
}

macro_rules! plain {
    ($($name:ident: $as:ty => $ty:ty),+) => {
        $(pub(super) fn $name(cx: &mut CallContext) -> $ty { plain::<$as>(cx) as $ty })+
    };
}

plain! {
    pop_bool: bool => bool,
    pop_u8: i32 => u8, pop_s8: i32 => i8, pop_u16: i32 => u16, pop_s16: i32 => i16, pop_u32: f64 => u32, pop_s32: i32 => i32,
    pop_u64: f64 => u64, pop_s64: f64 => i64, pop_f32: f64 => f32, pop_f64: f64 => f64
}

pub(super) fn pop_char(cx: &mut CallContext) -> char {
    taken(cx, |value| value.get().expect("a character"))
}

pub(super) fn string(cx: &mut CallContext) -> &str {
    let (start, length) = with_ctx(|ctx| {
        let value = cx.pop_value(ctx);
        cx.held_text(value.as_string().expect("the host takes a string here"))
    });
    // SAFETY: `held_text` gives UTF-8 that lives as long as the context.
    unsafe { str::from_utf8_unchecked(slice::from_raw_parts(start, length)) }
}

/// Takes a typed array of bytes, or a string as UTF-8. The host reads them where they are: no JavaScript runs until the
/// call ends, which frees them.
pub(super) fn bytes(cx: &mut CallContext, ty: List) -> Option<(*const u8, usize)> {
    if !matches!(ty.ty(), Type::U8) {
        return None;
    }
    let read = with_ctx(|ctx| {
        let value = cx.top(ctx);
        if let Some(text) = value.as_string() {
            return Some(cx.held_text(text));
        }
        let array = value.as_object()?.as_typed_array::<u8>()?;
        // SAFETY: no JavaScript runs while the bytes are borrowed.
        let bytes = unsafe { array.as_slice() };
        Some((bytes.as_ptr(), bytes.len()))
    })?;
    cx.held.extend(cx.stack.pop());
    Some(read)
}

pub(super) fn pop_list(cx: &mut CallContext, _ty: List) -> usize {
    cx.next.push(0);
    with_ctx(|ctx| array(cx.top(ctx)).len())
}

pub(super) fn pop_list_iter_next(cx: &mut CallContext, _ty: List) {
    let next = cx.next.last_mut().expect("the list was entered");
    let index = *next;
    *next += 1;
    with_ctx(|ctx| {
        let element = array(cx.top(ctx)).get(index).expect("the array has this element");
        cx.push_value(ctx, element);
    });
}

pub(super) fn pop_list_iter(cx: &mut CallContext, _ty: List) {
    cx.next.pop();
    cx.stack.pop();
}

fn array(value: Value<'_>) -> Array<'_> {
    value.into_array().expect("the host takes an array here")
}

pub(super) fn pop_tuple(cx: &mut CallContext, ty: Tuple) {
    with_ctx(|ctx| {
        let tuple = array(cx.pop_value(ctx));
        for index in (0..ty.types().len()).rev() {
            let element: Value = tuple.get(index).expect("the array has this element");
            cx.push_value(ctx, element);
        }
    });
}

pub(super) fn pop_record(cx: &mut CallContext, ty: Record) {
    with_ctx(|ctx| {
        let record = cx.pop_value(ctx).into_object().expect("the host takes an object here");
        for (name, _) in ty.fields().rev() {
            let field: Value = record.get(names::of_function(ctx, name)).expect("a property can be read");
            cx.push_value(ctx, field);
        }
    });
}

/// Whether an option holds another option. `null` would not tell them apart.
pub(super) fn is_nested(ty: WitOption) -> bool {
    let mut inner = ty.ty();
    while let Type::Alias(alias) = inner {
        inner = alias.ty();
    }
    matches!(inner, Type::Option(_))
}

pub(super) fn pop_option(cx: &mut CallContext, ty: WitOption) -> u32 {
    if is_nested(ty) {
        return case(cx, "option", [("none", false), ("some", true)]);
    }
    with_ctx(|ctx| {
        let value = cx.pop_value(ctx);
        if value.is_null() || value.is_undefined() {
            return 0;
        }
        cx.push_value(ctx, value);
        1
    })
}

pub(super) fn pop_result(cx: &mut CallContext, ty: WitResult) -> u32 {
    case(cx, "result", [("ok", ty.ok().is_some()), ("err", ty.err().is_some())])
}

pub(super) fn pop_variant(cx: &mut CallContext, ty: Variant) -> u32 {
    case(cx, "variant", ty.cases().map(|(name, payload)| (name, payload.is_some())))
}

/// Replaces `{ tag, val }` by the payload, and returns the number of the case.
fn case<'case>(cx: &mut CallContext, kind: &'static str, cases: impl IntoIterator<Item = (&'case str, bool)>) -> u32 {
    with_ctx(|ctx| {
        let value = cx.pop_value(ctx);
        let (case, payload) = decode_tagged(ctx, value, kind, cases).unwrap_or_else(|error| panic!("{kind}: {error}"));
        if let Some(payload) = payload {
            cx.push_value(ctx, payload);
        }
        u32::try_from(case).expect("a variant has few cases")
    })
}

pub(super) fn pop_enum(cx: &mut CallContext, ty: Enum) -> u32 {
    let name: String = taken(cx, |value| value.get().expect("the host takes a name here"));
    let case = ty.names().position(|case| case == name).unwrap_or_else(|| panic!("{name} is no case of this enum"));
    u32::try_from(case).expect("an enum has few cases")
}

pub(super) fn pop_flags(cx: &mut CallContext, ty: Flags) -> u32 {
    with_ctx(|ctx| {
        let object = cx.pop_value(ctx).into_object().expect("the host takes an object here");
        let is_set = |name| object.get::<_, Coerced<bool>>(names::of_function(ctx, name)).is_ok_and(|set| set.0);
        ty.names().enumerate().fold(0, |bits, (index, name)| bits | (u32::from(is_set(name)) << index))
    })
}

pub(super) fn pop_borrow(cx: &mut CallContext, _ty: Resource) -> u32 {
    taken(cx, |value| resources::handle(&value))
}

pub(super) fn pop_own(cx: &mut CallContext, ty: Resource) -> u32 {
    pop_borrow(cx, ty)
}
