//! Imported resources, such as the streams of WASI, as classes of JavaScript.

use std::cell::RefCell;
use std::collections::BTreeMap;

use heck::ToLowerCamelCase;
use rquickjs::function::{Rest, This};
use rquickjs::{Ctx, Function, Object, Persistent, Value};
use smallvec::SmallVec;
use wit_dylib_ffi::{Resource, Wit};

use crate::imports;
use crate::state::user_data;

/// The property of an object that holds its handle.
const HANDLE: &str = "__handle";

/// The prototypes of the imported resources by index, as user data of the runtime.
#[derive(Default)]
pub(crate) struct ResourceClasses(RefCell<BTreeMap<usize, Persistent<Object<'static>>>>);

user_data!(ResourceClasses);

/// Makes a prototype with methods for each imported resource.
pub(crate) fn register<'js>(ctx: &Ctx<'js>, wit: Wit) -> rquickjs::Result<()> {
    let classes = ctx.userdata::<ResourceClasses>().expect("stored at the start");
    for func in wit.iter_import_funcs() {
        let Some((resource, method)) = func.name().strip_prefix("[method]").and_then(|name| name.split_once('.')) else {
            continue;
        };
        let Some(resource) = wit.iter_resources().find(|one| one.interface() == func.interface() && one.name() == resource)
        else {
            continue;
        };
        let index = func.index();
        let call = Function::new(ctx.clone(), move |this: This<Value<'js>>, ctx: Ctx<'js>, rest: Rest<Value<'js>>| {
            let mut args: SmallVec<[Value<'js>; 8]> = SmallVec::with_capacity(rest.0.len() + 1);
            args.push(this.0);
            args.extend(rest.0);
            imports::call(ctx, index, args)
        })?;
        let known = classes.0.borrow().get(&resource.index()).cloned();
        let prototype = match known {
            Some(prototype) => prototype.restore(ctx)?,
            None => Object::new(ctx.clone())?,
        };
        prototype.set(method.to_lower_camel_case(), call)?;
        classes.0.borrow_mut().insert(resource.index(), Persistent::save(ctx, prototype));
    }
    Ok(())
}

/// Returns the object of a handle that the host has given.
pub(crate) fn object<'js>(ctx: &Ctx<'js>, ty: Resource, handle: u32) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set(HANDLE, handle)?;
    let classes = ctx.userdata::<ResourceClasses>().expect("stored at the start");
    if let Some(prototype) = classes.0.borrow().get(&ty.index()) {
        object.set_prototype(Some(&prototype.clone().restore(ctx)?))?;
    }
    Ok(object)
}

/// Returns the handle of a resource's object.
pub(crate) fn handle(value: &Value<'_>) -> u32 {
    value.as_object().and_then(|object| object.get(HANDLE).ok()).expect("the SDK passes objects of the host")
}
