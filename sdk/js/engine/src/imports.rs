//! The functions of the host, as modules that the application imports.

use std::collections::BTreeMap;

use heck::ToLowerCamelCase;
use rquickjs::function::Rest;
use rquickjs::{Ctx, Function, Object, Value};
use smallvec::SmallVec;
use wit_dylib_ffi::{ImportFunction, Wit};

use crate::call::CallContext;
use crate::result::ResultBoundary;
use crate::state::{World, user_data};

/// The imported functions by interface, as user data of the runtime.
pub(crate) struct Imports(BTreeMap<&'static str, Vec<ImportFunction>>);

user_data!(Imports);

impl Imports {
    pub(crate) fn new(wit: Wit) -> Self {
        let mut interfaces: BTreeMap<_, Vec<_>> = BTreeMap::new();
        // Methods are reached through the objects that free functions return.
        let free = wit.iter_import_funcs().filter(|func| !func.name().starts_with('['));
        for (interface, func) in free.filter_map(|func| Some((func.interface()?, func))) {
            interfaces.entry(interface).or_default().push(func);
        }
        Self(interfaces)
    }

    /// The functions of an interface, such as `ws-host:server/clients@0.1.0`.
    pub(crate) fn of(&self, interface: &str) -> Option<&[ImportFunction]> {
        self.0.get(interface).map(Vec::as_slice)
    }
}

/// Returns an object with the functions of an interface.
pub(crate) fn object<'js>(ctx: &Ctx<'js>, functions: &[ImportFunction]) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    for func in functions {
        let index = func.index();
        let call = Function::new(ctx.clone(), move |ctx: Ctx<'js>, args: Rest<Value<'js>>| {
            call(ctx, index, SmallVec::from_vec(args.0))
        })?;
        object.set(func.name().to_lower_camel_case(), call)?;
    }
    Ok(object)
}

/// Calls a function of the host.
pub(crate) fn call<'js>(ctx: Ctx<'js>, index: usize, args: SmallVec<[Value<'js>; 8]>) -> rquickjs::Result<Value<'js>> {
    let func = ctx.userdata::<World>().expect("stored at the start").0.import_func(index);
    let mut call = CallContext::default();
    for arg in args.into_iter().rev() {
        call.push_value(&ctx, arg);
    }
    func.call_import_sync(&mut call);
    let answer = call.pop_answer(&ctx)?;
    ResultBoundary::new(func.result()).lift(&ctx, answer)
}
