//! QuickJS as the engine of a guest: it evaluates the application in the build, and calls its exports at run time.
//!
//! Derived from the runtime of componentize-qjs (Apache-2.0), without its component-model async. `native` has what is added.

mod call;
mod imports;
mod modules;
mod names;
mod native;
mod resources;
mod result;
mod state;
mod tagged;

use rquickjs::function::Args;
use rquickjs::{Ctx, Function, Object, Value};
use wit_dylib_ffi::{ExportFunction, Interpreter, Resource, Wit};

use crate::call::CallContext;
use crate::imports::Imports;
use crate::names::Names;
use crate::resources::ResourceClasses;
use crate::result::ResultBoundary;
use crate::state::{World, with_ctx};

#[allow(clippy::too_many_arguments)]
mod init {
    wit_bindgen::generate!({
        world: "init",
        path: "wit/init.wit",
        generate_all,
        disable_run_ctors_once_workaround: true,
    });

    use super::Init;
    export!(Init);
}

struct Init;

impl init::Guest for Init {
    /// Evaluates the application. Wizer calls this in the build and snapshots the memory that it leaves.
    fn init(shim: String, script: String, entry_path: Option<String>, _disable_gc: bool) -> Result<(), String> {
        modules::evaluate("componentize-qjs:shim.js", &shim)?;
        modules::evaluate_application(entry_path.as_deref().unwrap_or("user.js"), &script)?;
        state::settle();
        state::reset_wasi();
        Ok(())
    }
}

struct QuickJs;

wit_dylib_ffi::export!(QuickJs);

impl Interpreter for QuickJs {
    type CallCx<'a> = CallContext;

    fn initialize(wit: Wit) {
        with_ctx(|ctx| {
            let stored = "the runtime takes user data before it runs";
            ctx.store_userdata(World(wit)).expect(stored);
            ctx.store_userdata(Names::default()).expect(stored);
            ctx.store_userdata(ResourceClasses::default()).expect(stored);
            ctx.store_userdata(Imports::new(wit)).expect(stored);
            resources::register(ctx, wit).expect("classes of imported resources can be made");
        });
    }

    fn export_start<'a>(_wit: Wit, _func: ExportFunction) -> Box<Self::CallCx<'a>> {
        Box::default()
    }

    fn export_call(_wit: Wit, func: ExportFunction, cx: &mut CallContext) {
        with_ctx(|ctx| {
            let name = names::of_function(ctx, func.name());
            let function = exported(ctx, func.interface(), name);
            let args = cx.take_arguments(ctx);
            call(ctx, func, name, function, args, cx);
        });
    }

    fn resource_dtor(_ty: Resource, _handle: usize) {
        unreachable!("the contract exports no resources");
    }
}

/// Returns an exported function of the application.
fn exported<'js>(ctx: &Ctx<'js>, interface: Option<&'static str>, name: &str) -> Function<'js> {
    let mut scope: Object = modules::exports(ctx);
    if let Some(interface) = interface {
        let short = names::of_interface(ctx, interface);
        scope = scope.get(short).unwrap_or_else(|error| panic!("the module exports no {short}: {error:?}"));
    }
    scope.get(name).unwrap_or_else(|error| panic!("the module exports no function {name}: {error:?}"))
}

fn call<'js>(ctx: &Ctx<'js>, func: ExportFunction, name: &str, function: Function<'js>, args: Args<'js>, cx: &mut CallContext) {
    let answer = ResultBoundary::new(func.result())
        .lower_call(ctx, function.call_arg::<Value>(args))
        .unwrap_or_else(|error| panic!("{name} has failed: {error:?}"));
    if let Some(value) = answer {
        cx.push_value(ctx, value);
    }
}
