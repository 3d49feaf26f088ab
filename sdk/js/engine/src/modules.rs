//! ES modules: the application's bundle, and modules for the host's functions.

use std::cell::RefCell;

use heck::ToLowerCamelCase;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declarations, Declared, Exports, ModuleDef};
use rquickjs::{CaughtError, Ctx, Error, Module, Object, Persistent, Runtime};

use crate::imports::{self, Imports};
use crate::native::{self, Native};
use crate::state::{user_data, with_ctx};

/// The namespace of the application's module, as user data of the runtime.
#[derive(Default)]
struct Application(RefCell<Option<Persistent<Object<'static>>>>);

/// The exports of the module that is declared now, as user data of the runtime.
#[derive(Default)]
struct Declaring(RefCell<Vec<String>>);

user_data!(Application, Declaring);

pub(crate) fn install_loader(runtime: &Runtime) {
    runtime.set_loader(HostModules, HostModules);
}

pub(crate) fn install_state(ctx: &Ctx<'_>) {
    let stored = "the runtime takes user data before it runs";
    ctx.store_userdata(Application::default()).expect(stored);
    ctx.store_userdata(Declaring::default()).expect(stored);
}

/// The exports of the application.
pub(crate) fn exports<'js>(ctx: &Ctx<'js>) -> Object<'js> {
    let application = ctx.userdata::<Application>().expect("stored at the start");
    let namespace = application.0.borrow().clone().expect("the build has evaluated the application");
    namespace.restore(ctx).expect("it is of this runtime")
}

/// Evaluates the application's bundle, and keeps its exports.
pub(crate) fn evaluate_application(name: &str, source: &str) -> Result<(), String> {
    with_ctx(|ctx| {
        let namespace = evaluated(ctx, name, source)?;
        let application = ctx.userdata::<Application>().expect("stored at the start");
        application.0.replace(Some(Persistent::save(ctx, namespace)));
        Ok(())
    })
}

/// Evaluates a module that exports nothing.
pub(crate) fn evaluate(name: &str, source: &str) -> Result<(), String> {
    with_ctx(|ctx| evaluated(ctx, name, source).map(|_| ()))
}

fn evaluated<'js>(ctx: &Ctx<'js>, name: &str, source: &str) -> Result<Object<'js>, String> {
    let told = |error: CaughtError<'_>| error.to_string();
    let module = CaughtError::catch(ctx, Module::declare(ctx.clone(), name, source)).map_err(told)?;
    let (module, promise) = CaughtError::catch(ctx, module.eval()).map_err(told)?;
    // Rejections of the build are no reason to refuse it: the module may handle them later.
    CaughtError::catch(ctx, native::run_jobs(ctx.clone())).map_err(told)?;
    match promise.result::<()>() {
        Some(result) => CaughtError::catch(ctx, result).map_err(told)?,
        None => return Err("Error: an `await` outside of the handlers waits for something that never happens".to_owned()),
    }
    CaughtError::catch(ctx, module.namespace()).map_err(told)
}

/// Resolves and loads the modules of the host and of the engine. The bundle has all others.
struct HostModules;

impl Resolver for HostModules {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let imports = ctx.userdata::<Imports>().expect("stored at the start");
        if name == native::MODULE || imports.of(name).is_some() {
            return Ok(name.to_owned());
        }
        Err(Error::new_resolving(base, name))
    }
}

impl Loader for HostModules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if name == native::MODULE {
            return Module::declare_def::<Native, _>(ctx.clone(), name);
        }
        let imports = ctx.userdata::<Imports>().expect("stored at the start");
        let functions = imports.of(name).ok_or_else(|| Error::new_loading(name))?;
        let names = functions.iter().map(|func| func.name().to_lower_camel_case()).collect();
        ctx.userdata::<Declaring>().expect("stored at the start").0.replace(names);
        Module::declare_def::<Interface, _>(ctx.clone(), name)
    }
}

/// A module with the functions of an interface of the host.
struct Interface;

impl ModuleDef for Interface {
    fn declare(declarations: &Declarations<'_>) -> rquickjs::Result<()> {
        let names = with_ctx(|ctx| ctx.userdata::<Declaring>().expect("stored at the start").0.take());
        for name in names {
            declarations.declare(name)?;
        }
        Ok(())
    }

    fn evaluate<'js>(ctx: &Ctx<'js>, exports: &Exports<'js>) -> rquickjs::Result<()> {
        let name: String = exports.module().name()?;
        let imports = ctx.userdata::<Imports>().expect("stored at the start");
        let object = imports::object(ctx, imports.of(&name).unwrap_or_default())?;
        for key in object.keys::<String>() {
            let key = key?;
            let value: rquickjs::Value = object.get(&key)?;
            exports.export(key, value)?;
        }
        Ok(())
    }
}
