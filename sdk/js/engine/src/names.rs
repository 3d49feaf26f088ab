//! Names of the contract as names of JavaScript.

use std::cell::RefCell;
use std::collections::BTreeMap;

use heck::ToLowerCamelCase;
use rquickjs::Ctx;

use crate::state::user_data;

/// Names that were converted by their address, as user data of the runtime. There are as many as the contract has.
#[derive(Default)]
pub(crate) struct Names(RefCell<BTreeMap<*const u8, &'static str>>);

user_data!(Names);

/// `on-message` becomes `onMessage`.
pub(crate) fn of_function(ctx: &Ctx<'_>, name: &'static str) -> &'static str {
    converted(ctx, name, name)
}

/// `ws-host:server/clients@0.1.0` becomes `clients`.
pub(crate) fn of_interface(ctx: &Ctx<'_>, name: &'static str) -> &'static str {
    let short = name.rsplit_once('/').map_or(name, |(_, short)| short);
    converted(ctx, name, short.split('@').next().unwrap_or(short))
}

fn converted(ctx: &Ctx<'_>, key: &'static str, name: &str) -> &'static str {
    let names = ctx.userdata::<Names>().expect("stored at the start");
    let mut known = names.0.borrow_mut();
    known.entry(key.as_ptr()).or_insert_with(|| Box::leak(name.to_lower_camel_case().into_boxed_str()))
}
