//! The jobs of promises, and rejections that no code handles.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;

use rquickjs::{Array, Ctx, Error, Persistent, Runtime, Value, qjs};

/// The reasons of at most this many rejections of an event are kept. Further ones are counted.
const KEPT: usize = 100;

/// The rejections of an event that no code has handled so far.
#[derive(Default)]
struct Rejections {
    kept: Vec<Rejection>,
    /// How often a promise at an address was rejected beyond those. A promise that is gone cannot be handled any more, so a
    /// handled one is the last at its address.
    counted: HashMap<*mut c_void, usize>,
}

struct Rejection {
    at: *mut c_void,
    /// Keeps the address from being used again.
    _promise: Persistent<Value<'static>>,
    reason: Persistent<Value<'static>>,
}

thread_local! {
    static REJECTIONS: RefCell<Rejections> = RefCell::default();
}

impl Rejections {
    fn add<'js>(&mut self, ctx: &Ctx<'js>, promise: Value<'js>, reason: Value<'js>) {
        let at = address(&promise);
        if self.kept.len() < KEPT {
            self.kept.push(Rejection { at, _promise: Persistent::save(ctx, promise), reason: Persistent::save(ctx, reason) });
        } else {
            *self.counted.entry(at).or_default() += 1;
        }
    }

    /// Forgets a rejection that was handled after all. One of an earlier event is not here.
    fn remove(&mut self, promise: &Value<'_>) {
        let at = address(promise);
        if let Some(index) = self.kept.iter().position(|one| one.at == at) {
            self.kept.remove(index);
        } else if let Some(count) = self.counted.get_mut(&at) {
            *count = count.saturating_sub(1);
        }
    }
}

fn address(promise: &Value<'_>) -> *mut c_void {
    // SAFETY: a promise is an object.
    unsafe { qjs::JS_VALUE_GET_PTR(promise.as_raw()) }
}

pub(super) fn install(runtime: &Runtime) {
    runtime.set_host_promise_rejection_tracker(Some(Box::new(|ctx, promise, reason, is_handled| {
        REJECTIONS.with_borrow_mut(|rejections| {
            if is_handled {
                rejections.remove(&promise);
            } else {
                rejections.add(&ctx, promise, reason);
            }
        });
    })));
}

/// Runs jobs until none is left. A job that throws ends this with its exception. Returns the reasons of the rejections that
/// no code has handled, if there are any, and behind them the number of further rejections.
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
    let Rejections { kept, counted } = REJECTIONS.take();
    let more: usize = counted.into_values().sum();
    if kept.is_empty() && more == 0 {
        return Ok(None);
    }
    let reasons = Array::new(ctx.clone())?;
    let count = kept.len();
    for (index, rejection) in kept.into_iter().enumerate() {
        reasons.set(index, rejection.reason.restore(&ctx)?)?;
    }
    reasons.set(count, more)?;
    Ok(Some(reasons))
}
