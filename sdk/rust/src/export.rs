//! Connects the component's exports to the application.

use crate::bindings::app::exports::ws_host::server::handler;
use crate::bindings::app::ws_host::server::types::MessageResult;
use crate::bindings::events::exports::ws_host::server::events;
use crate::bindings::flow::exports::ws_host::server::flow;
use crate::bindings::gate::exports::ws_host::server::gate;
use crate::bindings::lifecycle::exports::ws_host::server::lifecycle;
use crate::bindings::presence::exports::ws_host::server::presence;
use crate::bindings::requests::exports::ws_host::server::requests as plain;
use crate::bindings::responses::exports::ws_host::server::responses;
use crate::bindings::timers::exports::ws_host::server::timers;
use crate::control::TimerId;
use crate::http::{BodyPart, Failure, FetchId, Response};
use crate::requests::RequestId;
use crate::rooms::Source;
use crate::task::{self, Access};
use crate::{
    App, Client, ClientId, CloseInfo, Decision, Events, Flow, Gate, Lifecycle, Presence, Request, Requests, Responses, Saved,
    StartReason, Timers,
};

/// Makes an application the component: exports its handlers and the optional interfaces that are named.
///
/// `export!(Chat)` exports the three handlers of [`App`]. `export!(Chat: Gate, Lifecycle, Flow, Presence, Timers, Responses, Events, Requests)`, or any
/// subset, also exports the traits of those names, which `Chat` must implement. The host does not call a trait that
/// is implemented but not named. Use the macro once, in a crate of crate type `cdylib`.
///
/// ```no_run
/// # use ws_guest::{App, ClientId, Flow, TimerId, Timers};
/// #[derive(Default)]
/// struct Game;
///
/// impl App for Game {}
/// # impl Flow for Game { fn on_drain(&mut self, _: ClientId) {} }
/// # impl Timers for Game { fn on_timer(&mut self, _: TimerId, _: Vec<u8>) {} }
///
/// ws_guest::export!(Game: Timers, Flow);
/// ```
///
/// A trait that the application does not implement cannot be exported:
///
/// ```compile_fail,E0277
/// #[derive(Default)]
/// struct Game;
///
/// impl ws_guest::App for Game {}
///
/// ws_guest::export!(Game: Timers);
/// ```
#[macro_export]
macro_rules! export {
    ($app:ty $(: $($interface:ident),+ $(,)?)?) => {
        const _: () = {
            struct Exports;

            impl $crate::__private::Instance for Exports {
                type App = $app;

                const INTERFACES: &'static [&'static str] = &[$($(::core::stringify!($interface)),+)?];

                fn hold<R>(handle: impl ::core::ops::FnOnce(&mut $app) -> R) -> R {
                    // The borrow cannot fail: an instance has one thread, handlers do not nest, and tasks run behind them.
                    ::std::thread_local! {
                        static APP: ::core::cell::RefCell<$app> = ::core::default::Default::default();
                    }
                    APP.with_borrow_mut(handle)
                }
            }

            $crate::__private::app::export_handler!(Exports with_types_in $crate::__private::app);
            $($($crate::__export_interface!($interface for Exports);)+)?
        };
    };
}

/// Exports one optional interface.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_interface {
    (Gate for $exports:ident) => {
        $crate::__private::gate::export_gate!($exports with_types_in $crate::__private::gate);
    };
    (Lifecycle for $exports:ident) => {
        $crate::__private::lifecycle::export_lifecycle!($exports with_types_in $crate::__private::lifecycle);
    };
    (Flow for $exports:ident) => {
        $crate::__private::flow::export_flow!($exports with_types_in $crate::__private::flow);
    };
    (Presence for $exports:ident) => {
        $crate::__private::presence::export_presence!($exports with_types_in $crate::__private::presence);
    };
    (Timers for $exports:ident) => {
        $crate::__private::timers::export_timers!($exports with_types_in $crate::__private::timers);
    };
    (Responses for $exports:ident) => {
        $crate::__private::responses::export_responses!($exports with_types_in $crate::__private::responses);
    };
    (Events for $exports:ident) => {
        $crate::__private::events::export_events!($exports with_types_in $crate::__private::events);
    };
    (Requests for $exports:ident) => {
        $crate::__private::requests::export_requests!($exports with_types_in $crate::__private::requests);
    };
    ($other:ident for $exports:ident) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($other), "` is not an optional interface. The optional interfaces are Gate, Lifecycle, Flow, Presence, Timers, Responses, Events and Requests"
        ));
    };
}

/// Holds the state of one component instance. [`export!`] implements it, because a generic type cannot have its own
/// static.
pub trait Instance {
    /// The application.
    type App: App;

    /// The names of the optional interfaces that the component exports.
    const INTERFACES: &'static [&'static str];

    /// The application, as tasks see it.
    const ACCESS: &'static Access = &Access { lend: |act| Self::hold(|app| act(app)), exports: Self::INTERFACES };

    /// Acts on the state.
    fn hold<R>(act: impl FnOnce(&mut Self::App) -> R) -> R;

    /// Runs one handler on the state, and then the tasks that are awake.
    fn with<R>(handle: impl FnOnce(&mut Self::App) -> R) -> R {
        let result = Self::hold(handle);
        task::run(Self::ACCESS);
        result
    }
}

impl<T: Instance> handler::Guest for T {
    fn on_new_client(client: Client) {
        T::with(|app| app.on_new_client(client));
    }

    fn on_message(from: ClientId, message: MessageResult) {
        T::with(|app| app.on_message(from, message.into()));
    }

    fn on_client_left(id: ClientId, info: CloseInfo) {
        T::with(|app| app.on_client_left(id, info));
    }
}

impl<T: Instance<App: Gate>> gate::Guest for T {
    fn on_upgrade(request: Request) -> Decision {
        T::with(|app| app.on_upgrade(request))
    }
}

impl<T: Instance<App: Lifecycle>> lifecycle::Guest for T {
    fn on_start(reason: StartReason, saved: Option<Saved>) -> Result<(), String> {
        T::with(|app| app.on_start(reason, saved))
    }

    fn snapshot() -> Saved {
        // Its effects are dropped, so no task runs.
        T::hold(|app| app.snapshot())
    }
}

impl<T: Instance<App: Flow>> flow::Guest for T {
    fn on_drain(id: ClientId) {
        T::with(|app| app.on_drain(id));
    }
}

impl<T: Instance<App: Presence>> presence::Guest for T {
    fn on_line_lost(id: ClientId) {
        T::with(|app| app.on_line_lost(id));
    }

    fn on_line_back(id: ClientId) {
        T::with(|app| app.on_line_back(id));
    }
}

impl<T: Instance<App: Timers>> timers::Guest for T {
    fn on_timer(id: TimerId, payload: Vec<u8>) {
        match task::timer(id, payload) {
            Some(payload) => T::with(|app| app.on_timer(id, payload)),
            None => task::run(T::ACCESS),
        }
    }
}

impl<T: Instance<App: Responses>> responses::Guest for T {
    fn on_response(id: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
        match task::response(id, outcome) {
            Some(outcome) => T::with(|app| app.on_response(id, context, outcome)),
            None => task::run(T::ACCESS),
        }
    }

    fn on_body(id: FetchId, context: Vec<u8>, part: BodyPart) {
        match task::part(id, part) {
            Some(part) => T::with(|app| app.on_body(id, context, part)),
            None => task::run(T::ACCESS),
        }
    }
}

impl<T: Instance<App: Events>> events::Guest for T {
    fn on_event(source: Source, message: MessageResult) {
        T::with(|app| app.on_event(source, message.into()));
    }
}

impl<T: Instance<App: Requests>> plain::Guest for T {
    fn on_request(id: RequestId, request: plain::Request) {
        T::with(|app| app.on_request(id, request));
    }

    fn on_request_drained(id: RequestId) {
        T::with(|app| app.on_request_drained(id));
    }

    fn on_request_gone(id: RequestId) {
        T::with(|app| app.on_request_gone(id));
    }
}
