//! Results at the boundary: a function returns the ok value and throws the error.

use rquickjs::object::Property;
use rquickjs::{CatchResultExt, CaughtError, CaughtResult, Constructor, Ctx, Function, Object, Result, Value};
use wit_dylib_ffi::{Type, WitResult};

use crate::tagged::decode_tagged;

enum Shape {
    Nothing,
    Plain,
    Result(WitResult),
}

/// Converts between a function's answer in the contract and what a function of JavaScript returns or throws.
pub(crate) struct ResultBoundary(Shape);

impl ResultBoundary {
    pub(crate) fn new(answer: Option<Type>) -> Self {
        Self(match answer.map(resolve_alias) {
            Some(Type::Result(result)) => Shape::Result(result),
            Some(_) => Shape::Plain,
            None => Shape::Nothing,
        })
    }

    /// Returns the answer of an imported function, or throws its error.
    pub(crate) fn lift<'js>(&self, ctx: &Ctx<'js>, value: Option<Value<'js>>) -> Result<Value<'js>> {
        let value = value.unwrap_or_else(|| Value::new_undefined(ctx.clone()));
        let Shape::Result(ty) = &self.0 else {
            return Ok(value);
        };
        let cases = [("ok", ty.ok().is_some()), ("err", ty.err().is_some())];
        let (case, payload) = decode_tagged(ctx, value, "result", cases)?;
        let payload = payload.unwrap_or_else(|| Value::new_undefined(ctx.clone()));
        if case == 0 { Ok(payload) } else { Err(ctx.throw(thrown(ctx, payload)?)) }
    }

    /// Converts what an export has returned or thrown to its answer.
    pub(crate) fn lower_call<'js>(&self, ctx: &Ctx<'js>, result: Result<Value<'js>>) -> CaughtResult<'js, Option<Value<'js>>> {
        let result = result.catch(ctx);
        match &self.0 {
            Shape::Nothing => result.map(|_| None),
            Shape::Plain => result.map(Some),
            Shape::Result(ty) => {
                let (tag, has_payload, payload) = match result {
                    Ok(value) => ("ok", ty.ok().is_some(), value),
                    Err(error) => ("err", ty.err().is_some(), reason(error)?),
                };
                tagged(ctx, tag, has_payload.then_some(payload)).catch(ctx).map(Some)
            }
        }
    }
}

fn resolve_alias(mut ty: Type) -> Type {
    while let Type::Alias(alias) = ty {
        ty = alias.ty();
    }
    ty
}

fn tagged<'js>(ctx: &Ctx<'js>, tag: &str, payload: Option<Value<'js>>) -> Result<Value<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("tag", tag)?;
    if let Some(payload) = payload {
        object.set("val", payload)?;
    }
    Ok(object.into_value())
}

/// Returns what an export has thrown. Only plain values are errors of the contract: an `Error` is a failure.
fn reason<'js>(error: CaughtError<'js>) -> CaughtResult<'js, Value<'js>> {
    match error {
        CaughtError::Value(reason) => Ok(reason),
        failure => Err(failure),
    }
}

/// Makes the error that JavaScript sees: its message is the name of the error, and `payload` the value.
fn thrown<'js>(ctx: &Ctx<'js>, payload: Value<'js>) -> Result<Value<'js>> {
    let message: String = match payload.as_string() {
        Some(text) => text.to_string()?,
        None => ctx.globals().get::<_, Function>("String")?.call((payload.clone(),))?,
    };
    let error: Object = ctx.globals().get::<_, Constructor>("Error")?.construct((message,))?;
    error.prop("payload", Property::from(payload))?;
    Ok(error.into_value())
}
