//! The jobs of promises, and rejections that no code handles.

use std::cell::RefCell;
use std::ptr;

use rquickjs::{Array, Ctx, Error, Persistent, Runtime, Value, qjs};

/// At most this many rejections are kept until the SDK takes them. A handler that rejects more has one cause for all.
const KEPT: usize = 100;

struct Rejection {
    promise: Persistent<Value<'static>>,
    reason: Persistent<Value<'static>>,
}

thread_local! {
    static REJECTIONS: RefCell<Vec<Rejection>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn install(runtime: &Runtime) {
    runtime.set_host_promise_rejection_tracker(Some(Box::new(|ctx, promise, reason, is_handled| {
        REJECTIONS.with_borrow_mut(|rejections| {
            if is_handled {
                rejections.retain(|one| one.promise.clone().restore(&ctx).is_ok_and(|other| other != promise));
            } else if rejections.len() < KEPT {
                let (promise, reason) = (Persistent::save(&ctx, promise), Persistent::save(&ctx, reason));
                rejections.push(Rejection { promise, reason });
            }
        });
    })));
}

/// Runs jobs until none is left. A job that throws ends this with its exception. Returns the reasons of the rejections that
/// no code has handled, if there are any.
pub(crate) fn run(ctx: Ctx<'_>) -> rquickjs::Result<Option<Array<'_>>> {
    loop {
        let mut of = ptr::null_mut();
        // SAFETY: the runtime of the context lives, and has this one context.
        let ran = unsafe { qjs::JS_ExecutePendingJob(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), &raw mut of) };
        match ran {
            0 => break,
            ..0 => return Err(Error::Exception),
            _ => {}
        }
    }
    let taken = REJECTIONS.with_borrow_mut(std::mem::take);
    if taken.is_empty() {
        return Ok(None);
    }
    let reasons = Array::new(ctx.clone())?;
    for (index, rejection) in taken.into_iter().enumerate() {
        reasons.set(index, rejection.reason.restore(&ctx)?)?;
    }
    Ok(Some(reasons))
}
