//! The one JavaScript runtime of the component.

use std::cell::{Cell, OnceCell};
use std::ptr;

use rquickjs::{Context, Ctx, Runtime};
use wit_dylib_ffi::Wit;

use crate::{modules, native};

/// Lets the runtime keep values of a type. They hold no borrowed value of JavaScript.
macro_rules! user_data {
    ($($ty:ident),+) => {
        // SAFETY: the type has no lifetime; what it saves is restored only in this runtime.
        $(unsafe impl<'js> rquickjs::JsLifetime<'js> for $ty { type Changed<'to> = $ty; })+
    };
}
pub(crate) use user_data;

/// Bytes of stack in the linear memory, past which QuickJS throws a RangeError. componentize-qjs reserves 1 MiB. The machine's
/// own stack grows at most 32 times as fast (`stack-check.h`), and the host gives it 32 MiB.
const STACK: usize = 900 * 1024;

/// The contract, as user data of the runtime.
#[derive(Clone, Copy)]
pub(crate) struct World(pub(crate) Wit);

user_data!(World);

struct Engine {
    context: Context,
    /// The context that is entered now. An import may call back into the engine, and entering twice would deadlock.
    entered: Cell<Option<*const ()>>,
}

struct Global(OnceCell<Engine>);

// SAFETY: a component has one thread.
unsafe impl Sync for Global {}

static ENGINE: Global = Global(OnceCell::new());

/// Calls a function with the context of the runtime, which the first call makes.
pub(crate) fn with_ctx<R: 'static>(run: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let engine = ENGINE.0.get_or_init(start);
    if let Some(entered) = engine.entered.get() {
        // SAFETY: the pointer is set only while the frame below is active.
        return run(unsafe { &*entered.cast::<Ctx<'_>>() });
    }
    engine.context.with(|ctx| {
        engine.entered.set(Some(ptr::from_ref(&ctx).cast()));
        let result = run(&ctx);
        engine.entered.set(None);
        result
    })
}

fn start() -> Engine {
    let runtime = Runtime::new().expect("the build has memory for a runtime");
    modules::install_loader(&runtime);
    native::install(&runtime);
    runtime.set_max_stack_size(STACK);
    let context = Context::full(&runtime).expect("the build has memory for a context");
    context.with(|ctx| modules::install_state(&ctx));
    Engine { context, entered: Cell::new(None) }
}

/// Collects the garbage of the build, and lets an instance grow by half and this many bytes before it collects its own: a
/// collection writes to each object, and so gives a room its own copy of pages that rooms share.
const SPARE: usize = 512 * 1024;

/// Leaves the memory as instances should start with it.
pub(crate) fn settle() {
    let engine = ENGINE.0.get_or_init(start);
    let runtime = engine.context.runtime();
    runtime.run_gc();
    let used = usize::try_from(runtime.memory_usage().malloc_size).unwrap_or_default();
    runtime.set_gc_threshold(used + used / 2 + SPARE);
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn reset_adapter_state();
}

unsafe extern "C" {
    fn __wasilibc_reset_preopens();
}

/// Forgets what WASI told in the build, so that the snapshot does not keep it.
pub(crate) fn reset_wasi() {
    // SAFETY: both functions only clear caches.
    unsafe {
        reset_adapter_state();
        __wasilibc_reset_preopens();
    }
}
