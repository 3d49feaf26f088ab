//! The way from a task to the app.

use std::any::Any;
use std::cell::Cell;

use crate::App;

/// A function that acts on the app, whose type it finds out.
type Act<'a> = dyn FnMut(&mut dyn Any) + 'a;

/// The app, as tasks see it.
pub struct Access {
    /// Lends the app to a function.
    pub lend: fn(&mut Act<'_>),
    /// The names of the optional interfaces that the component exports.
    pub exports: &'static [&'static str],
}

thread_local! {
    /// The app, while tasks run and none of them has it.
    static APP: Cell<Option<&'static Access>> = const { Cell::new(None) };
}

/// Acts on the app from within a task. The function cannot wait, so no handler runs meanwhile.
///
/// ```
/// # use ws_guest::{App, ClientId, Message, task::{spawn, with_app}};
/// #[derive(Default)]
/// struct Counter {
///     count: u32,
/// }
///
/// impl App for Counter {
///     fn on_message(&mut self, _: ClientId, _: Message) {
///         spawn(async { with_app(|counter: &mut Counter| counter.count += 1) });
///     }
/// }
///
/// let mut room = ws_guest::testing::Room::<Counter>::new();
/// let ann = room.join();
/// room.says(ann, "hello");
/// assert_eq!(room.app.count, 1);
/// ```
///
/// # Panics
/// Outside of a task, within another `with_app`, and if the app is of another type.
pub fn with_app<A: App, R>(act: impl FnOnce(&mut A) -> R) -> R {
    let Some(access) = APP.take() else {
        panic!("with_app is for tasks alone, and not within another with_app: a handler has its app as `self`");
    };
    let _back = Back(Some(access));
    let (mut act, mut result) = (Some(act), None);
    (access.lend)(&mut |app| {
        let Some(app) = app.downcast_mut::<A>() else {
            panic!("the app of this component is not a {}", std::any::type_name::<A>());
        };
        result = act.take().map(|act| act(app));
    });
    result.expect("the app is lent once")
}

/// Panics if the component cannot hear what a task is about to wait for.
pub(super) fn require(interface: &str) {
    if let Some(access) = APP.get()
        && !access.exports.contains(&interface)
    {
        panic!("a task waits for an event that this component does not get: name {interface} in `export!`");
    }
}

/// Runs tasks, which reach the app meanwhile.
pub(super) fn lent(access: &'static Access, run: impl FnOnce()) {
    let _back = Back(APP.replace(Some(access)));
    run();
}

/// Puts back what was there before, over a panic too.
struct Back(Option<&'static Access>);

impl Drop for Back {
    fn drop(&mut self) {
        APP.set(self.0);
    }
}

#[cfg(not(target_family = "wasm"))]
mod held {
    use std::any::Any;
    use std::cell::RefCell;

    use super::Access;
    use crate::App;

    thread_local! {
        static HELD: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
    }

    static ACCESS: Access = Access {
        lend: |act| {
            HELD.with_borrow_mut(|app| act(app.as_mut().expect("the app is held while tasks run").as_mut()));
        },
        exports: &["Responses", "Timers"],
    };

    /// Runs tasks outside a component. They reach the app while it is held here.
    pub(crate) fn hold<A: App>(app: A, run: impl FnOnce(&'static Access)) -> A {
        HELD.set(Some(Box::new(app)));
        run(&ACCESS);
        let app = HELD.take().expect("nobody takes the app away");
        *app.downcast().expect("the type is as it was")
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) use held::hold;
